package leaks_test

import (
	"archive/zip"
	"bytes"
	"crypto/md5"  //nolint:gosec // what is looked for, not what protects
	"crypto/sha1" //nolint:gosec // what is looked for, not what protects
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// step is how many bytes of a trace are looked up at once: none is shorter.
const step = 8

// hound finds the traces of many secrets in one pass.
type hound struct {
	starts map[uint64][]trace
	first  [1 << 16]bool // the first two bytes of any: nearly all content is passed by with these
}

// trace is a text that gives a secret away.
type trace struct {
	of, how string
	text    []byte
	digest  bool // of the secret, or of a text that it stands in
}

// finding is a trace and what is around it.
type finding struct {
	trace
	around []byte
}

func (f finding) String() string { return fmt.Sprintf("%s (%s): …%q", f.of, f.how, f.around) }

// around are the texts that the canaries stand in: a quick hash of any of them
// could be guessed against.
var around = []string{"%s", "%s\n", "prefix-%s", "token = %s", "lab:%s"}

// learn adds everything that would give a secret away: itself in every spelling
// that a log, JSON or an address may give it, and the quick hashes of it and of the
// texts that it stands in.
func (h *hound) learn(of, secret string) {
	h.spell(of, "itself", secret)
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); line != secret && !strings.HasPrefix(line, "-----") { // PEM's are no secret
			h.spell(of, "a line of it", line)
		}
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for shift := range 3 { // it looks different for every position in a group of three
			encoded := encoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
			h.add(trace{of, "base64", []byte(encoded[4 : len(encoded)-4]), false})
		}
	}
	for _, form := range around {
		text := fmt.Appendf(nil, form, secret)
		s256, s1, m5 := sha256.Sum256(text), sha1.Sum(text), md5.Sum(text) //nolint:gosec // as above
		for name, sum := range map[string][]byte{"SHA-256": s256[:], "SHA-1": s1[:], "MD5": m5[:]} {
			how := name + " of " + fmt.Sprintf(form, "it")
			h.add(trace{of, how, sum, true})
			h.add(trace{of, how + ", hexadecimal", []byte(hex.EncodeToString(sum)), true})
			h.add(trace{of, how + ", HEXADECIMAL", []byte(strings.ToUpper(hex.EncodeToString(sum))), true})
			h.add(trace{of, how + ", base64", []byte(base64.RawStdEncoding.EncodeToString(sum)), true})
			h.add(trace{of, how + ", base64 for addresses", []byte(base64.RawURLEncoding.EncodeToString(sum)), true})
		}
	}
}

// spell adds a text as a log, JSON or an address may spell it.
func (h *hound) spell(of, how, text string) {
	escaped, _ := json.Marshal(text) // of a string there is no error
	for in, spelling := range map[string]string{"": text, " in JSON": string(bytes.Trim(escaped, `"`)), " quoted": strings.Trim(fmt.Sprintf("%q", text), `"`),
		" in an address": url.QueryEscape(text), " in hexadecimal digits": hex.EncodeToString([]byte(text))} {
		h.add(trace{of, how + in, []byte(spelling), false})
	}
}

func (h *hound) add(t trace) {
	if len(t.text) < step {
		return
	}
	if h.starts == nil {
		h.starts = map[uint64][]trace{}
	}
	key := binary.LittleEndian.Uint64(t.text)
	h.starts[key] = append(h.starts[key], t)
	h.first[binary.LittleEndian.Uint16(t.text)] = true
}

// find says which secrets left a trace.
func (h *hound) find(content []byte) []finding {
	var found []finding
	for i := 0; i+step <= len(content); i++ {
		if !h.first[binary.LittleEndian.Uint16(content[i:])] {
			continue
		}
		for _, t := range h.starts[binary.LittleEndian.Uint64(content[i:])] {
			if bytes.HasPrefix(content[i:], t.text) {
				found = append(found, finding{t, content[max(0, i-100):min(len(content), i+len(t.text)+20)]})
			}
		}
	}
	return found
}

// search fails the test for every secret that left a trace, once for each kind.
func (h *hound) search(t *testing.T, where string, content []byte) {
	t.Helper()
	said := map[string]bool{}
	for _, one := range h.find(content) {
		if !said[one.of+one.how] {
			said[one.of+one.how] = true
			t.Errorf("%s holds %s", where, one)
		}
	}
}

// searchFiles looks at every file below a directory but those that are meant to
// hold secrets; into saved plans, which are zip archives, too. It returns how many
// bytes it looked at.
func (h *hound) searchFiles(t *testing.T, dir string, meant func(name string) bool) int {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || meant(entry.Name()) {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked += len(content)
		h.search(t, entry.Name(), content)
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return nil //nolint:nilerr // no archive
		}
		for _, file := range archive.File {
			reader, err := file.Open()
			if err != nil {
				return err
			}
			inner, err := io.ReadAll(reader)
			if err != nil {
				return err
			}
			looked += len(inner)
			h.search(t, entry.Name()+": "+file.Name, inner)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return looked
}

// A search that finds nothing proves nothing unless it would have found something.
func TestHound_EveryTrace_IsFound(t *testing.T) {
	const secret = "c4n4ry \"quoted\" $x & more"
	h := &hound{}
	h.learn("it", secret)
	sum := sha256.Sum256([]byte("prefix-" + secret))
	old := md5.Sum([]byte(secret)) //nolint:gosec // as above
	escaped, _ := json.Marshal(map[string]string{"a": secret})
	for name, content := range map[string]string{
		"plain": "x " + secret, "json": string(escaped), "base64": "yy" + base64.StdEncoding.EncodeToString([]byte("user:"+secret)),
		"sum": string(sum[:]), "hex": hex.EncodeToString(sum[:]), "MD5": "x" + hex.EncodeToString(old[:]) + "x", "sum in base64": base64.StdEncoding.EncodeToString(sum[:]),
		"address": "?a=" + url.QueryEscape(secret), "in hex": hex.EncodeToString([]byte("a" + secret)),
	} {
		if len(h.find([]byte(content))) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	if found := h.find([]byte("c4n4ry and others")); len(found) > 0 {
		t.Errorf("found what is not there: %v", found)
	}
}
