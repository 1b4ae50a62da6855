package decrypt_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/hcvault"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/pgp"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/decrypt"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// requireDecrypted encrypts a file to a key and requires that it decrypts to what
// it was. It returns the encrypted file.
func requireDecrypted(t *testing.T, to keys.MasterKey) []byte {
	t.Helper()
	file := sopstest.EncryptTo(t, sops.YAML, []byte("a: plain-canary\n"), to)
	answer := decrypt.File(sops.Request{Format: sops.YAML, File: file})
	if answer.Failure != nil || *answer.Values["a"] != "plain-canary" {
		t.Fatalf("failure: %+v", answer.Failure)
	}
	return file
}

// requireNoKey requires that a file does not decrypt, and that the only recipient
// is named with the reason.
func requireNoKey(t *testing.T, file []byte, kind, name, reason string) {
	t.Helper()
	f := decrypt.File(sops.Request{Format: sops.YAML, File: file}).Failure
	if f == nil || f.Kind != sops.NoKey || len(f.Recipients) != 1 {
		t.Fatalf("failure: %+v", f)
	}
	if r := f.Recipients[0]; r.Type != kind || r.Name != name || !strings.Contains(r.Reason, reason) || strings.Contains(r.Reason, "canary") {
		t.Errorf("recipient %+v, want %s %s: …%s…", r, kind, name, reason)
	}
}

// gnuPG makes GnuPG's directory, in a place that is short enough for its socket,
// and the function that runs gpg there.
func gnuPG(t *testing.T) func(args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("there is no gpg: install GnuPG")
	}
	home, err := os.MkdirTemp("", "gpg") //nolint:usetesting // the path of its socket would be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GNUPGHOME", home)
	t.Cleanup(func() {
		stop := exec.Command("gpgconf", "--kill", "all")
		stop.Env = append(os.Environ(), "GNUPGHOME="+home)
		_ = stop.Run() // it also ends when its directory is gone
		_ = os.RemoveAll(home)
	})
	return func(args ...string) string {
		t.Helper()
		out, err := exec.Command("gpg", append([]string{"--batch", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...).Output()
		if err != nil {
			t.Fatalf("gpg %s: %v", strings.Join(args, " "), err)
		}
		return string(out)
	}
}

func TestFile_PGPKey_IsDecryptedByGnuPG(t *testing.T) {
	noKeys(t)
	gpg := gnuPG(t)
	gpg("--quick-generate-key", "homelab-canary <test@homelab.test>", "ed25519", "default", "never")
	var fingerprint string
	for line := range strings.Lines(gpg("--with-colons", "--list-secret-keys")) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" && fingerprint == "" {
			fingerprint = fields[9]
		}
	}
	gpg("--quick-add-key", fingerprint, "cv25519", "encr", "never")
	file := requireDecrypted(t, pgp.NewMasterKeyFromFingerprint(fingerprint))

	gpg("--yes", "--delete-secret-keys", fingerprint)
	requireNoKey(t, file, "pgp", fingerprint, "GnuPG's keyring has no secret key for it")
	t.Setenv("SOPS_GPG_EXEC", "/nonexistent/gpg")
	requireNoKey(t, file, "pgp", fingerprint, "gpg could not be run; is GnuPG installed?")
}

// service replaces a key service: it keeps what it is given to encrypt, and
// refuses who does not say the word.
func service(t *testing.T, allowed func(*http.Request) bool, answer func(request *http.Request, body map[string]any, kept string) (reply any, keep string)) string {
	t.Helper()
	var kept string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body := map[string]any{}
		if err := json.NewDecoder(request.Body).Decode(&body); err != nil || !allowed(request) {
			http.Error(w, `{"__type":"AccessDeniedException","message":"who are you","errors":["permission denied"]}`, http.StatusForbidden)
			return
		}
		reply, keep := answer(request, body, kept)
		kept = keep
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(reply)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestFile_HashiCorpVault_IsAsked(t *testing.T) {
	noKeys(t)
	t.Setenv("VAULT_TOKEN", "token-canary")
	url := service(t,
		func(r *http.Request) bool { return r.Header.Get("X-Vault-Token") == "token-canary" },
		func(r *http.Request, body map[string]any, kept string) (any, string) {
			if plain, ok := body["plaintext"].(string); ok && r.URL.Path == "/v1/sops/encrypt/homelab" {
				return map[string]any{"data": map[string]any{"ciphertext": "vault:v1:kept"}}, plain
			}
			return map[string]any{"data": map[string]any{"plaintext": kept}}, kept
		})
	key, err := hcvault.NewMasterKeyFromURI(url + "/v1/sops/keys/homelab")
	if err != nil {
		t.Fatal(err)
	}
	file := requireDecrypted(t, key)
	t.Setenv("VAULT_TOKEN", "another-canary")
	requireNoKey(t, file, "hc_vault", url+"/v1/sops/keys/homelab", "permission denied")
}

func TestFile_AWSKMS_IsAsked(t *testing.T) {
	noKeys(t)
	const arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
	url := service(t,
		func(r *http.Request) bool {
			return strings.Contains(r.Header.Get("Authorization"), "Credential=AKIAHOMELAB/")
		},
		func(r *http.Request, body map[string]any, kept string) (any, string) {
			if plain, ok := body["Plaintext"].(string); ok && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Encrypt") {
				return map[string]any{"KeyId": arn, "CiphertextBlob": "a2VwdA=="}, plain
			}
			return map[string]any{"KeyId": arn, "Plaintext": kept}, kept
		})
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_KMS": url, "AWS_ACCESS_KEY_ID": "AKIAHOMELAB", "AWS_SECRET_ACCESS_KEY": "secret-canary",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(name, value)
	}
	file := requireDecrypted(t, kms.NewMasterKeyFromArn(arn, nil, ""))
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAANOTHER")
	requireNoKey(t, file, "kms", arn, "who are you")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	requireNoKey(t, file, "kms", arn, "failed to refresh cached credentials")
}
