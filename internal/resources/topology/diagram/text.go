package diagram

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"unicode"
)

const (
	// maxName is how many characters of a name are shown.
	maxName = 44
	// maxID is how many characters of names an id is made of.
	maxID = 60
)

// escapes are Mermaid's entity codes for what means something inside a quoted
// text, to Mermaid or to the HTML that it makes of it: "%%{" begins a directive,
// a backtick Markdown.
var escapes = map[rune]string{
	'"': "#quot;", '#': "#35;", '&': "#amp;", '<': "#lt;", '>': "#gt;", '`': "ˋ", '%': "#37;", '\\': "#92;", ';': "#59;",
	'{': "#123;", '}': "#125;",
	// Mermaid decodes its codes before it looks for Markdown, so that signs of it
	// can only be shown by others that look like them.
	'*': "∗", '~': "∼",
}

// joint is a character that nobody sees.
const joint = "\u200b"

// seams are where a joint keeps Mermaid, and the Markdown in it, from seeing more
// than text: a line break, a formula, an icon, links.
var seams = strings.NewReplacer(`\`, `\`+joint, "$$", "$"+joint+"$", "fa:", "fa"+joint+":", "www.", "www"+joint+".", "://", ":"+joint+"//", "](", "]"+joint+"(", "@", joint+"@")

// beginnings are what a list, a quotation, a heading or emphasis begins with.
var beginnings = regexp.MustCompile(`^(?:[-+>#]|\d+[.)])(?:\s|$)|^_|_$|[^0-9A-Za-z]_|_[^0-9A-Za-z]`)

// text escapes a name, and shortens a very long one in its middle.
func text(name string) string {
	runes := []rune(name)
	if len(runes) > maxName {
		runes = []rune(string(runes[:maxName*2/3]) + "…" + string(runes[len(runes)-maxName/3+1:]))
	}
	plain := seams.Replace(string(runes))
	if beginnings.MatchString(plain) {
		plain = joint + strings.ReplaceAll(plain, "_", joint+"_"+joint)
	}
	var out strings.Builder
	for _, r := range plain {
		switch code, special := escapes[r]; {
		case special:
			out.WriteString(code)
		case r == unicode.ReplacementChar, !unicode.IsPrint(r) && string(r) != joint:
			out.WriteByte(' ')
		default:
			out.WriteRune(r)
		}
	}
	return strings.TrimSpace(out.String())
}

// ids makes the identifiers of what is drawn: from names, so that one thing more
// leaves all others as they are, or where they have to be short, numbers.
type ids struct {
	short bool
	owner map[string]string // what an id means
	made  map[string]string // the id of what was asked for
}

func newIDs(short bool) *ids {
	return &ids{short: short, owner: map[string]string{}, made: map[string]string{}}
}

// of returns the id of the thing of a kind with a path of names. It is made of
// ASCII letters, digits and "_", and its kind before it keeps it from being a word
// of Mermaid's, such as "end".
func (i *ids) of(kind string, names ...string) string {
	key := kind + "\x00" + strings.Join(names, "\x00")
	if id, known := i.made[key]; known {
		return id
	}
	id := fmt.Sprintf("%.1s%d", kind, len(i.made))
	if !i.short {
		id = i.spell(kind, names, key)
	}
	i.made[key], i.owner[id] = id, key
	return id
}

// spell makes an id of names. It appends a hash if the id would be that of others too,
// or if the names have characters that ids cannot have.
func (i *ids) spell(kind string, names []string, key string) string {
	id, faithful := kind, true
	for _, name := range names {
		id += "_" + strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
				return r
			case r != '-' && r != '.':
				faithful = false
			}
			return '_'
		}, name)
	}
	if len(id) > maxID {
		id, faithful = id[:maxID], false
	}
	if _, taken := i.owner[id]; !faithful || taken {
		id = fmt.Sprintf("%s_%08x", id, hash(key))
	}
	return id
}

func hash(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return h.Sum32()
}
