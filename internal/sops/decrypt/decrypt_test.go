package decrypt_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/decrypt"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// noKeys takes every place away where SOPS looks for a key of age.
func noKeys(t *testing.T) {
	t.Helper()
	for _, name := range []string{"SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"} {
		t.Setenv(name, "") // has the variable put back afterwards
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
}

func TestFile_EachFormat_GivesValuesAndTheFile(t *testing.T) {
	noKeys(t)
	key := sopstest.Key(t)
	t.Setenv("SOPS_AGE_KEY", key.String())
	for _, c := range []struct {
		format sops.Format
		plain  string
		want   map[string]string // nil: no values
	}{
		{sops.YAML, "# why\ndb:\n  user: app # who\n  password: 's3cret: #1'\n  port: 5432\n  ratio: 0.25\nhosts:\n  - a\n  - name: b\non: true\nempty: {}\n",
			map[string]string{"db.user": "app", "db.password": "s3cret: #1", "db.port": "5432", "db.ratio": "0.25", "hosts.0": "a", "hosts.1.name": "b",
				"on": "true"}},
		{sops.JSON, `{"a":{"b":[1,2.5,{"c":"d"}]},"e":"ünï\n"}`, map[string]string{"a.b.0": "1", "a.b.1": "2.5", "a.b.2.c": "d", "e": "ünï\n"}},
		{sops.Dotenv, "TOKEN=abc=def\n# why\nEMPTY=\n", map[string]string{"TOKEN": "abc=def", "EMPTY": ""}},
		{sops.INI, "top = 1\n\n[database]\npassword = hunter2\n", map[string]string{"top": "1", "database.password": "hunter2"}},
		{sops.Binary, "\x00\xff\x01 any bytes", nil},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			answer := decrypt.File(sops.Request{Format: c.format, File: sopstest.Encrypt(t, c.format, []byte(c.plain), key.Recipient().String())})
			if answer.Failure != nil {
				t.Fatal(answer.Failure)
			}
			if c.format == sops.Binary && string(answer.Raw) != c.plain {
				t.Errorf("raw: %q", answer.Raw)
			}
			if len(answer.Values) != len(c.want) {
				t.Errorf("%d values, want %d", len(answer.Values), len(c.want))
			}
			for name, want := range c.want {
				if got := answer.Values[name]; got == nil || *got != want {
					t.Errorf("%s: %v, want %q", name, got, want)
				}
				if c.format != sops.JSON && !strings.Contains(string(answer.Raw), want) {
					t.Errorf("the file lacks %q:\n%s", want, answer.Raw)
				}
			}
		})
	}
}

func TestFile_NullAndSeveralDocuments_AreKept(t *testing.T) {
	noKeys(t)
	key := sopstest.Key(t)
	t.Setenv("SOPS_AGE_KEY", key.String())
	answer := decrypt.File(sops.Request{Format: sops.YAML, File: sopstest.Encrypt(t, sops.YAML, []byte("a: null\nb: x\n"), key.Recipient().String())})
	if value, ok := answer.Values["a"]; !ok || value != nil {
		t.Errorf("a: %v %v, failure %v", value, ok, answer.Failure)
	}
	answer = decrypt.File(sops.Request{Format: sops.YAML, File: sopstest.Encrypt(t, sops.YAML, []byte("a: 1\n---\nb: 2\n"), key.Recipient().String())})
	if answer.Failure != nil || answer.Values != nil || !strings.Contains(string(answer.Raw), "---") {
		t.Errorf("several documents: values %v, file %q, failure %v", answer.Values, answer.Raw, answer.Failure)
	}
}

func TestFile_KeyFromAnyOfTheUsualPlaces_IsFound(t *testing.T) {
	key := sopstest.Key(t)
	private, public := sshKey(t)
	for _, c := range []struct {
		name, recipient string
		set             func(t *testing.T)
	}{
		{"SOPS_AGE_KEY", "", func(t *testing.T) { t.Setenv("SOPS_AGE_KEY", key.String()) }},
		{"SOPS_AGE_KEY_FILE", "", func(t *testing.T) { t.Setenv("SOPS_AGE_KEY_FILE", keyFile(t, t.TempDir(), "key", key)) }},
		{"SOPS_AGE_KEY_CMD", "", func(t *testing.T) {
			t.Setenv("SOPS_AGE_KEY_CMD", "cat "+keyFile(t, t.TempDir(), "key", key))
		}},
		{"default path", "", func(t *testing.T) { keyFile(t, filepath.Join(os.Getenv("HOME"), ".config"), "sops/age/keys.txt", key) }},
		{"ssh key", public, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "id")
			write(t, file, private)
			t.Setenv("SOPS_AGE_SSH_PRIVATE_KEY_FILE", file)
		}},
		{"ssh key of a command", public, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "id")
			write(t, file, private)
			t.Setenv("SOPS_AGE_SSH_PRIVATE_KEY_CMD", "cat "+file)
		}},
		{"the user's ssh key", public, func(t *testing.T) {
			dir := filepath.Join(os.Getenv("HOME"), ".ssh")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "id_ed25519"), private)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			noKeys(t)
			c.set(t)
			recipient := c.recipient
			if recipient == "" {
				recipient = key.Recipient().String()
			}
			answer := decrypt.File(sops.Request{Format: sops.JSON, File: sopstest.Encrypt(t, sops.JSON, []byte(`{"a":"b"}`), recipient)})
			if answer.Failure != nil || *answer.Values["a"] != "b" {
				t.Errorf("answer: %+v, failure: %+v", answer, answer.Failure)
			}
		})
	}
}

func TestFile_CannotBeDecrypted_SaysWhyWithoutItsContent(t *testing.T) {
	key, other := sopstest.Key(t), sopstest.Key(t)
	encrypted := string(sopstest.Encrypt(t, sops.YAML, []byte("a: secret-canary\nb: one\nc: two\n"), key.Recipient().String(), other.Recipient().String()))
	lines := strings.SplitAfter(encrypted, "\n")
	swapped := strings.Join(append([]string{lines[1], lines[0]}, lines[2:]...), "")
	for _, c := range []struct {
		name, file string
		keys       string
		want       sops.Kind
		reason     string
	}{
		{"plain", "a: secret-canary\n", "", sops.NotSOPS, ""},
		{"no YAML", "a: secret-canary\n  b: [\n", "", sops.Unparsable, ""},
		{"no key", encrypted, "", sops.NoKey, "no age key was found"},
		{"another's key", encrypted, sopstest.Key(t).String(), sops.NoKey, "no age key at hand is the one for it"},
		{"half a key", encrypted, "AGE-SECRET-KEY-CANARY1SECRET", sops.NoKey, "the age key from SOPS_AGE_KEY cannot be used"},
		{"values swapped", swapped, key.String(), sops.Tampered, ""},
		{"value added in clear", "d: three\n" + encrypted, key.String(), sops.Tampered, ""},
		{"value taken away", strings.Join(lines[1:], ""), key.String(), sops.Tampered, "its MAC does not match its content"},
		{"two of one flattened key", string(sopstest.Encrypt(t, sops.YAML, []byte("a.b: x\na:\n  b: y\n"), key.Recipient().String())), key.String(),
			sops.Ambiguous, `two of its values have the key "a.b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			noKeys(t)
			if c.keys != "" {
				t.Setenv("SOPS_AGE_KEY", c.keys)
			}
			f := decrypt.File(sops.Request{Format: sops.YAML, File: []byte(c.file)}).Failure
			if f == nil || f.Kind != c.want {
				t.Fatalf("failure %+v, want %s", f, c.want)
			}
			said := f.Error()
			for _, r := range f.Recipients {
				said += r.Reason
			}
			if !strings.Contains(said, c.reason) || strings.Contains(strings.ToLower(said), "canary") {
				t.Errorf("it says %q, want %q", said, c.reason)
			}
			if c.want == sops.NoKey && !slices.ContainsFunc(f.Recipients, func(r sops.Recipient) bool {
				return r.Type == "age" && r.Name == other.Recipient().String()
			}) {
				t.Errorf("recipients: %+v", f.Recipients)
			}
		})
	}
}

func keyFile(t *testing.T, dir, name string, key *age.X25519Identity) string {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, file, "# a comment\n"+key.String()+"\n")
	return file
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sshKey returns a key pair in OpenSSH's forms.
func sshKey(t *testing.T) (private, public string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	authorized, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(authorized)))
}
