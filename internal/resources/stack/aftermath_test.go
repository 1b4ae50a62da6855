package stack

import (
	"errors"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

func TestWhatRuns_EachEnd_IsOneSentence(t *testing.T) {
	one := func(name, state string) core.ServiceAfter {
		return core.ServiceAfter{Service: name, Image: "app:1", State: state}
	}
	type list = []core.ServiceAfter
	back, part := core.Error{Stack: "home", RolledBack: true}, core.Error{Stack: "home", RolledBack: true, RollbackErr: errors.New("undo stop: no")}
	for want, c := range map[string]struct {
		err   core.Error
		after core.Aftermath
	}{
		"The change was rolled back: nothing that ran before was touched.": {back, core.Aftermath{Untouched: list{one("db", "")}}},
		"The change was rolled back: the previous container of web (image app:1) runs again and is healthy; 1 other service was not touched.": {
			back, core.Aftermath{Again: list{one("web", "is healthy")}, Untouched: list{one("db", "")}}},
		"The change was rolled back: the previous containers of db, web run again; 2 other services were not touched.": {
			back, core.Aftermath{Again: list{one("db", ""), one("web", "")}, Untouched: list{one("a", ""), one("b", "")}}},
		"Rolling the change back failed in part:\nundo stop: no\nOn the node now: web ran before and does not run now (it exited with code 1). " +
			"Look at it with docker compose -p home ps -a.": {part, core.Aftermath{Down: list{one("web", "it exited with code 1")}}},
		"What was made so far stays, to be looked at: job does not run (it exited with code 3); a runs in a new container; db, web did not run before and run now.": {
			core.Error{}, core.Aftermath{Failed: list{one("job", "it exited with code 3")}, Replaced: list{one("a", "")}, New: list{one("db", ""), one("web", "")}}},
		"What was made so far stays, to be looked at: a runs on and was changed in place.":    {core.Error{}, core.Aftermath{Changed: list{one("a", "")}}},
		"What was made so far stays, to be looked at: nothing runs, and nothing ran before.":  {},
		"The node could not be looked at afterwards, so it is not known what runs there now.": {back, core.Aftermath{Unseen: true}},
	} {
		if got := whatRuns(&c.err, &c.after); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
