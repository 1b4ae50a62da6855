package compare

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Engine is asked for what it has, in its own JSON: a client's types would drop
// what they do not know. It is safe for concurrent use.
type Engine struct {
	// API is the version that the engine has.
	API string
	// Stage is where the projects lie: what is mounted from there is compared by its
	// content.
	Stage string
	http  *http.Client
}

// NewEngine returns the engine at a socket, until the test ends.
func NewEngine(t testing.TB, socket, api, stage string) *Engine {
	t.Helper()
	e := &Engine{API: api, Stage: stage, http: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}}
	t.Cleanup(e.http.CloseIdleConnections)
	return e
}

// Get asks for JSON as the engine has it. It ends the test when there is none.
func (e *Engine) Get(t testing.TB, path string, into any) {
	t.Helper()
	resp, err := e.ask(t.Context(), path)
	if err == nil {
		defer resp.Body.Close()
		err = json.NewDecoder(resp.Body).Decode(into)
	}
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

func (e *Engine) ask(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/v"+e.API+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("%s: %s", resp.Status, text)
	}
	return resp, nil
}

// archive reads a path in a container, and the name of what is there: another one
// than the path's when that is a symbolic link.
func (e *Engine) archive(ctx context.Context, id, path string) (io.ReadCloser, string, error) {
	resp, err := e.ask(ctx, "/containers/"+id+"/archive?path="+url.QueryEscape(path))
	if err != nil {
		return nil, "", err
	}
	var stat struct{ Name string }
	text, err := base64.StdEncoding.DecodeString(resp.Header.Get("X-Docker-Container-Path-Stat"))
	if err == nil {
		err = json.Unmarshal(text, &stat)
	}
	if err != nil {
		resp.Body.Close()
		return nil, "", fmt.Errorf("read what is at %s: %w", path, err)
	}
	return resp.Body, stat.Name, nil
}

// labelled is the query for what belongs to a project.
func labelled(project string) string {
	return "filters=" + url.QueryEscape(`{"label":["com.docker.compose.project=`+project+`"]}`)
}

// shortName is a container's name without its project.
func shortName(project, name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "/"), project+"-")
}
