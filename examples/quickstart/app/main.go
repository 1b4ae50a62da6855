// Command app is the quick start's small web application: "app web" is a page
// that greets and counts its visitors, "app store" keeps the count in a volume,
// and "app health URL" is the health check of both.
package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "web":
		return serve(web{store: os.Getenv("STORE_URL"), token: os.Getenv("TOKEN_FILE"), greeting: os.Getenv("GREETING_FILE")})
	case len(args) == 1 && args[0] == "store":
		return serve(&store{path: filepath.Join(os.Getenv("DATA_DIR"), "visits"), token: os.Getenv("TOKEN_FILE")})
	case len(args) == 2 && args[0] == "health":
		return health(args[1])
	}
	return errors.New("usage: app web | app store | app health URL")
}

// serve answers on port 8080 until it is asked to stop.
func serve(handler http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func health(url string) error {
	client := http.Client{Timeout: 2 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return nil
}

// web is the page. Its fields are a URL and two paths.
type web struct{ store, token, greeting string }

func (h web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	greeting, err := os.ReadFile(h.greeting)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	visits, err := h.count(r.Context())
	if err != nil {
		http.Error(w, "store: "+err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintf(w, "%s\nYou are visitor number %s.\n", strings.TrimSpace(string(greeting)), visits)
}

func (h web) count(ctx context.Context) (string, error) {
	token, err := os.ReadFile(h.token)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.store, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+string(token))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return strings.TrimSpace(string(body)), err
}

// store counts in a file, for whoever has the token.
type store struct {
	path, token string

	mu sync.Mutex // guards the file
}

func (h *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, err := os.ReadFile(h.token)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+string(token))) != 1 {
		http.Error(w, "wrong token", http.StatusForbidden)
		return
	}
	visits, err := h.next()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, visits)
}

func (h *store) next() (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	visits := 0
	content, err := os.ReadFile(h.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if err == nil {
		if visits, err = strconv.Atoi(string(content)); err != nil {
			return 0, err
		}
	}
	visits++
	return visits, os.WriteFile(h.path, []byte(strconv.Itoa(visits)), 0o600)
}
