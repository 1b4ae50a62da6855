package compose_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

func TestDotenv_AsDockerComposeReadsIt(t *testing.T) {
	t.Setenv("FROM_PROCESS", "outside")
	for name, c := range map[string]struct {
		text string
		want map[string]string
	}{
		"nothing":              {"", map[string]string{}},
		"comments":             {"# one\n\n  # two\nA=1 # three\nB=1#2\n#C=3\n", map[string]string{"A": "1", "B": "1#2"}},
		"spaces":               {"  A = 1  \nB=  two words \nC=\n", map[string]string{"A": "1", "B": "two words", "C": ""}},
		"export":               {"export A=1\nexport\tB=2\n", map[string]string{"A": "1", "B": "2"}},
		"colon":                {"A: 1\n", map[string]string{"A": "1"}},
		"other names":          {"a.b-c[0]=1\n1A=2\n", map[string]string{"a.b-c[0]": "1", "1A": "2"}},
		"the last one counts":  {"A=1\nA=2\n", map[string]string{"A": "2"}},
		"single quotes":        {`A='$B # "x" \n'` + "\n", map[string]string{"A": `$B # "x" \n`}},
		"double quotes":        {`A="x # \"y\" \t$$z"` + " # comment\n", map[string]string{"A": "x # \"y\" \t$z"}},
		"a backslash":          {`A="\$x"` + "\nB=\\$$x\n", map[string]string{"A": "$x", "B": `\$x`}},
		"several lines":        {"A=\"one\n two # no comment\nthree\"\nB='x\ny'\n", map[string]string{"A": "one\n two # no comment\nthree", "B": "x\ny"}},
		"several, CRLF":        {"A='one\r\ntwo'\r\nB=2\r\n", map[string]string{"A": "one\r\ntwo", "B": "2"}},
		"earlier variables":    {"A=1\nB=${A}2$A\nC=\"${B}3\"\nD='${A}'\n", map[string]string{"A": "1", "B": "121", "C": "1213", "D": "${A}"}},
		"later variables":      {"B=x${A}\nA=1\n", map[string]string{"A": "1", "B": "x"}},
		"defaults":             {"E=\nA=${X:-1}\nB=${E:-2}\nC=${E-3}\nD=${A:+4}\n", map[string]string{"E": "", "A": "1", "B": "2", "C": "", "D": "4"}},
		"not from the process": {"FROM_PROCESS\nA=x${FROM_PROCESS}\nB=${FROM_PROCESS:-unset}\n", map[string]string{"A": "x", "B": "unset"}},
		"name alone":           {"A=1\nUNSET\nA\nB=2\n", map[string]string{"A": "1", "B": "2"}},
		"name alone, last":     {"A=1\nFROM_PROCESS", map[string]string{"A": "1"}},
		"no last line break":   {"A=1", map[string]string{"A": "1"}},
		"byte-order mark":      {"\ufeffA=1\n", map[string]string{"A": "1"}},
		"CRLF":                 {"A=1\r\n\r\nUNSET\r\nB=\"2\"\r\n# x\r\nC=3 # x\r\n", map[string]string{"A": "1", "B": "2", "C": "3"}},
		"no name":              {"=1\nA=2\n", map[string]string{"A": "2"}},
		"base64 and URLs":      {"A=YWJj==\nB=https://x:y@z/?a=b&c#d\n", map[string]string{"A": "YWJj==", "B": "https://x:y@z/?a=b&c#d"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := compose.Dotenv(c.text)
			if err != nil || !maps.Equal(got, c.want) {
				t.Errorf("%q is read as %q (%v), not %q", c.text, got, err, c.want)
			}
		})
	}
}

func TestDotenv_Error_NamesTheLineAndShowsNoValue(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"name with a space":    {"A=1\n\n# x\nhunter2 B=hunter2\n", "line 4 cannot be read: write NAME=value."},
		"name alone, spaces":   {"A=1\nhunter2 hunter2\n", "line 2 cannot be read: write NAME=value."},
		"character in name":    {"\ufeffA=1\r\nhunter2/+hunter2\r\n", "line 2 cannot be read: write NAME=value."},
		"key without quotes":   {"KEY=-----BEGIN\nhunter2\nhunter2/hunter2\n-----END\n", "line 3 cannot be read: write NAME=value."},
		"unclosed":             {"A=1\nUNSET\nB=\"hunter2\nhunter2\n\n", "line 3 cannot be read: the value begins with a quote that is not closed"},
		"unclosed, last":       {"A='x\ny'\nB='hunter2", "line 3 cannot be read: the value begins with a quote"},
		"after a long value":   {"A=\"1\n2\n3\" # x\nB=2\nC D=hunter2\n", "line 5 cannot be read: write"},
		"variable":             {"A=1\nB=${A}\nC=hunter2${hunter2\n", `line 3 cannot be read: "${" begins no valid use of a variable`},
		"variable in quotes":   {"A=1\nC=\"hunter2\n${}\nhunter2\"\nD=1\n", `line 2 cannot be read: "${" begins`},
		"required":             {"A=1\nB=${A?x}\nC=${hunter2:?hunter2}\nD=1\n", "line 3 cannot be read: the value requires a variable that has none"},
		"required, from above": {"A=\nB=${A:?hunter2}\n", "line 2 cannot be read: the value requires"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := compose.Dotenv(c.text)
			if err == nil {
				t.Fatalf("%q is read as %q", c.text, got)
			}
			if !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") || got != nil {
				t.Errorf("%q gives %q and %v, and should give %q", c.text, err, got, c.want)
			}
		})
	}
}
