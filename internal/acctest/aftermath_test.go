package acctest

import "testing"

func TestContainers_Check_FindsWhatIsNotTrue(t *testing.T) {
	life := func(id, started string) map[string]Life {
		return map[string]Life{id: {Running: true, StartedAt: started}}
	}
	stopped := map[string]Life{"w": {StartedAt: "1"}}
	before := Containers{"web": life("w", "1"), "db": life("d", "1")}
	again, down := Containers{"web": life("w", "2"), "db": life("d", "1")}, Containers{"web": stopped, "db": life("d", "1")}
	for text, c := range map[string]struct {
		after  Containers
		untrue bool
	}{
		"The change was rolled back: nothing that ran before was touched.":                                                                    {after: before},
		"The change was rolled back: nothing that ran before was touched. ":                                                                   {after: down, untrue: true},
		"The change was rolled back: the previous container of web (image a:1) runs again; 1 other service was not touched.":                  {after: again},
		"The change was rolled back: the previous container of web (image a:1) runs again and is healthy; 2 other services were not touched.": {after: again, untrue: true},
		"The change was rolled back: the previous containers of db, web run again.":                                                           {after: again, untrue: true},
		"On the node now: web ran before and does not │ run now (it exited with code 1); 1 other service was not touched.":                    {after: down},
		"On the node now: web ran before and does not run now (it exited with code 1)":                                                        {after: again, untrue: true},
		"What was made so far stays, to be looked at: web runs in a new container; job did not run before and runs now.":                      {after: Containers{"web": life("x", "3"), "db": life("d", "1"), "job": life("j", "1")}},
		"Nothing was changed.":  {after: before},
		"Nothing was changed. ": {after: again, untrue: true},
		"Something happened.":   {after: before, untrue: true},
	} {
		if err := before.Check(c.after, text); (err != nil) != c.untrue {
			t.Errorf("%s: %v", text, err)
		}
	}
}
