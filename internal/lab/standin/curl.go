package standin

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// valued are curl's options that the next word belongs to.
var valued = strings.Fields("-o -m -H -X -u -w -A -d -b -e --output --max-time --header --request --user --write-out --connect-timeout --retry --user-agent --data --cacert --resolve")

// request is what curl was asked for.
type request struct {
	fail, insecure, follow bool
	urls                   []string
}

// parse reads curl's options, as far as health checks have them.
func parse(args []string) request {
	var r request
	for i := 0; i < len(args); i++ {
		word := args[i]
		if !strings.HasPrefix(word, "-") {
			r.urls = append(r.urls, word)
			continue
		}
		letters, last := "", word
		if !strings.HasPrefix(word, "--") {
			letters, last = word[1:], "-"+word[len(word)-1:]
		}
		r.fail = r.fail || word == "--fail" || strings.Contains(letters, "f")
		r.insecure = r.insecure || word == "--insecure" || strings.Contains(letters, "k")
		r.follow = r.follow || word == "--location" || strings.Contains(letters, "L")
		if slices.Contains(valued, last) {
			i++
		}
	}
	return r
}

// curl asks as curl does, and ends as it does: with 22 for --fail and a status from
// 400, and with 7 without an answer.
func curl(args []string) int {
	r := parse(args)
	client := http.Client{Timeout: 30 * time.Second}
	if !r.follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if r.insecure {
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	}
	for _, url := range r.urls {
		if !strings.Contains(url, "://") {
			url = "http://" + url
		}
		resp, err := client.Get(url)
		if err != nil {
			fmt.Fprintln(os.Stderr, "curl: (7)", err)
			return 7
		}
		_, _ = io.Copy(os.Stdout, resp.Body)
		resp.Body.Close()
		if r.fail && resp.StatusCode >= http.StatusBadRequest {
			fmt.Fprintln(os.Stderr, "curl: (22) The requested URL returned error:", resp.StatusCode)
			return 22
		}
	}
	return 0
}
