package sopsfile_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/sopsfile"
)

// changing notes what it is asked to change.
type changing struct {
	tfprotov6.ProviderServer

	private [][]byte
}

func (c *changing) ApplyResourceChange(_ context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	c.private = append(c.private, req.PlannedPrivate)
	return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PlannedState}, nil
}

// Values in MessagePack.
var (
	nothing = &tfprotov6.DynamicValue{MsgPack: []byte{0xc0}}
	thing   = &tfprotov6.DynamicValue{MsgPack: []byte{0x80}}
)

func applied(t *testing.T, server tfprotov6.ProviderServer, prior, next *tfprotov6.DynamicValue, private []byte) *tfprotov6.ApplyResourceChangeResponse {
	t.Helper()
	resp, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{PriorState: prior, PlannedState: next, PlannedPrivate: private})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestServer_FileNotDecrypted_ChangesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets.yaml")
	inner, gate := &changing{}, &sopsfile.Gate{}
	server := sopsfile.NewServer(inner, gate)
	gate.Require([]string{file})
	for i, change := range []struct{ prior, next *tfprotov6.DynamicValue }{{nothing, thing}, {thing, thing}, {thing, nothing}} {
		private := []byte(`{"a":""}`)
		resp := applied(t, server, change.prior, change.next, private)
		if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError {
			t.Fatalf("diagnostics of change %d: %v", i, resp.Diagnostics)
		}
		if said := resp.Diagnostics[0].Detail; strings.Contains(said, file) != (i == 0) || strings.Contains(said, "nothing was created, changed or removed") != (i == 0) {
			t.Errorf("change %d is told %q", i, said)
		}
		if resp.NewState != change.prior || !bytes.Equal(resp.Private, private) {
			t.Errorf("change %d leaves %v and %q, not what was there", i, resp.NewState, resp.Private)
		}
		if err := os.WriteFile(file, []byte("a: b\n"), 0o600); err != nil { // it was looked for once
			t.Fatal(err)
		}
	}
	if len(inner.private) > 0 {
		t.Errorf("%d changes got through", len(inner.private))
	}
}

func TestServer_ConfiguredAnew_DecryptsAnew(t *testing.T) {
	inner, gate := &changing{}, &sopsfile.Gate{}
	server := sopsfile.NewServer(inner, gate)
	gate.Require([]string{filepath.Join(t.TempDir(), "secrets.yaml")})
	if resp := applied(t, server, nothing, thing, nil); len(resp.Diagnostics) != 1 {
		t.Errorf("diagnostics: %v", resp.Diagnostics)
	}
	gate.Require(nil)
	if resp := applied(t, server, nothing, thing, nil); len(resp.Diagnostics) > 0 || len(inner.private) != 1 {
		t.Errorf("diagnostics: %v", resp.Diagnostics)
	}
}

func TestServer_NoFiles_LetsEverythingPass(t *testing.T) {
	inner, gate := &changing{}, &sopsfile.Gate{}
	server := sopsfile.NewServer(inner, gate)
	for _, change := range []struct{ prior, next *tfprotov6.DynamicValue }{{nothing, thing}, {thing, thing}, {thing, nothing}} {
		if resp := applied(t, server, change.prior, change.next, nil); len(resp.Diagnostics) > 0 {
			t.Errorf("diagnostics: %v", resp.Diagnostics[0])
		}
	}
	if len(inner.private) != 3 {
		t.Errorf("%d of 3 changes got through", len(inner.private))
	}
}

func TestGate_Holds_HoweverThePathIsWritten(t *testing.T) {
	gate := &sopsfile.Gate{}
	gate.Require([]string{"./secrets.enc.yaml"})
	self, err := filepath.Abs("secrets.enc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !gate.Holds("secrets.enc.yaml") || !gate.Holds(self) || gate.Holds("other.enc.yaml") {
		t.Error("it distinguishes files by how their paths are written")
	}
}
