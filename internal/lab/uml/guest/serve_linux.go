package main

import (
	"log"
	"net/http"
	"os/exec"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

// serve runs programs for the host, which is alone in the guest's network of that
// address: the repeated field arg is the command line.
func serve(address string) {
	http.HandleFunc("/run", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || len(r.Form["arg"]) == 0 {
			http.Error(w, "no command", http.StatusBadRequest)
			return
		}
		out, err := exec.CommandContext(r.Context(), r.Form["arg"][0], r.Form["arg"][1:]...).CombinedOutput()
		if err != nil {
			http.Error(w, err.Error()+": "+string(out), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(out)
	})
	//nolint:gosec // the only client is the test
	log.Print(http.ListenAndServe(address+":"+uml.AgentPort, nil))
}
