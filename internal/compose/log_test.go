package compose_test

import (
	"io"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// noted collects what is written to the process-wide log.
type noted struct{ entries []string }

func (n *noted) Levels() []logrus.Level { return logrus.AllLevels }
func (n *noted) Fire(e *logrus.Entry) error {
	n.entries = append(n.entries, e.Message)
	return nil
}

// A dollar sign of an unquoted password is taken for a variable, and compose-go notes
// the variable's name: the rest of the password. The note must reach no output.
func TestDotenv_PartOfASecretThatIsTakenForAVariable_IsNotLogged(t *testing.T) {
	notes := &noted{}
	before := logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	t.Cleanup(func() { logrus.StandardLogger().ReplaceHooks(before) })
	logrus.AddHook(notes)
	if _, err := compose.Dotenv("PASSWORD=pa$word\n"); err != nil {
		t.Fatal(err)
	}
	if len(notes.entries) == 0 {
		t.Error("compose-go no longer notes it: the output need not be discarded any more")
	}
	if logrus.StandardLogger().Out != io.Discard {
		t.Errorf("these notes are written to the log: %q", notes.entries)
	}
}
