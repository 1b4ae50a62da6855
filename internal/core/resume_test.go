package core

import (
	"strings"
	"testing"
)

// failedBefore is a door that has read a stack whose create failed.
func failedBefore(t *testing.T, f *fake, record Record) *Core {
	t.Helper()
	d := New(nodes{f}, registry{"app:1": "sha256:digest-1"})
	record.Failed = true
	if _, _, err := d.Stacks().Read(t.Context(), "nas", "home", record, View{}); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCreate_Failed_IsTakenUpByTheNextOne(t *testing.T) {
	_, f, record := applied(t)
	was := only(t, f).ID
	p := previewed(t, failedBefore(t, f, record), home(), PreviewOptions{})
	if !p.Resumes || len(p.Problems)+len(p.Changes) > 0 || !strings.Contains(strings.Join(p.Warnings, "\n"), `The create of stack "home" failed before`) {
		t.Errorf("preview: %+v", p)
	}
	d := New(nodes{f}, registry{"app:1": "sha256:digest-1"}) // applying is another process
	if err := d.Stacks().Destroy(t.Context(), "nas", "home", DestroyOptions{Resume: true}); err != nil {
		t.Fatal(err)
	}
	if again := previewed(t, d, home(), PreviewOptions{}); !again.Resumes || len(again.Changes) > 0 {
		t.Errorf("planned while applying: %+v", again)
	}
	if _, _, err := apply(t, d, home(), Record{}, ApplyOptions{}); err != nil {
		t.Error(err)
	}
	if only(t, f).ID != was || len(f.Volumes) != 0 {
		t.Errorf("there are %v and %v", f.Containers, f.Volumes)
	}
	if after := previewed(t, d, home(), PreviewOptions{Leaving: "home"}); after.Resumes || len(after.Changes) != 2 {
		t.Errorf("replaced once it was made: %+v", after)
	}
}

// The state that has it is another resource's, which goes.
func TestCreate_FailedOfAResourceThatGoes_IsPlannedAnew(t *testing.T) {
	_, f, record := applied(t)
	d := failedBefore(t, f, record)
	d.Stacks().Leave("nas", "home")
	p := previewed(t, d, home(), PreviewOptions{})
	if p.Resumes || len(p.Changes) != 2 || !strings.Contains(strings.Join(p.Warnings, "\n"), "moved block") {
		t.Errorf("preview: %+v", p)
	}
	d = failedBefore(t, f, record)
	if err := d.Stacks().Destroy(t.Context(), "nas", "home", DestroyOptions{}); err != nil || len(f.Containers)+len(f.Networks) > 0 {
		t.Errorf("destroyed: %v, there are %v and %v", err, f.Containers, f.Networks)
	}
}
