package core

import (
	"errors"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// A destroy may be cut off before any of its calls. The one after it leaves the value
// alone, and the next secret of that name has it.
func TestDestroySecret_GeneratedAndKilledAnywhere_KeepsTheValue(t *testing.T) {
	for calls := 0; ; calls++ {
		v := newVault()
		if _, err := v.create(t, "first"); err != nil {
			t.Fatal(err)
		}
		v.left = calls
		err := New(v, registry{}).Secrets().Destroy(t.Context(), "nas", "db", nil)
		v.left = -1
		if again := New(v, registry{}).Secrets().Destroy(t.Context(), "nas", "db", nil); again != nil {
			t.Fatalf("after %d calls: %v", calls, again)
		}
		if v.fake.Containers[v.idOf("homelab-secret-db")].Config.Labels[desired.LabelSecretKept] == "" {
			t.Fatalf("after %d calls: there is no mark", calls)
		}
		view, made := v.create(t, "second")
		if got := v.holds(t, "homelab_secret_db_v1"); made != nil || got != "first" || view.Version != 1 || !view.Watched || len(v.volumes) != 1 {
			t.Fatalf("after %d calls there is %q in one of %d volumes, %+v, %v", calls, got, len(v.volumes), view, made)
		}
		if left := v.others(); len(left) > 0 {
			t.Errorf("after %d calls: left %q", calls, left)
		}
		if err == nil {
			return
		}
	}
}

// Taking a kept value up may be cut off, too.
func TestApplySecret_KeptValueAndKilledAnywhere_IsTakenUpByTheNextOne(t *testing.T) {
	for _, mode := range []desired.Mode{0o400, 0o440} {
		for calls := 0; ; calls++ {
			v := newVault()
			if _, err := v.create(t, "first"); err != nil {
				t.Fatal(err)
			}
			if err := New(v, registry{}).Secrets().Destroy(t.Context(), "nas", "db", nil); err != nil {
				t.Fatal(err)
			}
			create := func() (SecretView, error) {
				change := SecretChange{Secret: desired.Secret{Name: "db", Mode: mode}, Write: true, Value: []byte("second"), Made: SecretGenerated}
				return New(v, registry{}).Secrets().Apply(t.Context(), "nas", change)
			}
			v.left = calls
			_, err := create()
			v.left = -1
			if err == nil {
				break
			}
			view, err := create()
			if err != nil {
				// All was done except for the answer: it is there, and to be imported.
				continue
			}
			if got := v.holds(t, view.Volume); got != "first" || view.Mode != mode {
				t.Fatalf("mode %s, after %d calls: %q, %+v", mode, calls, got, view)
			}
		}
	}
}

// What has lost its mark may be anybody's, and a create leaves it alone.
func TestApplySecret_KeptValueWithoutItsMark_IsRefused(t *testing.T) {
	v := newVault()
	if _, err := v.create(t, "first"); err != nil {
		t.Fatal(err)
	}
	if err := New(v, registry{}).Secrets().Destroy(t.Context(), "nas", "db", nil); err != nil {
		t.Fatal(err)
	}
	delete(v.Containers, v.idOf("homelab-secret-db"))
	var problems *ProblemsError
	if _, err := v.create(t, "second"); !errors.As(err, &problems) || v.holds(t, "homelab_secret_db_v1") != "first" {
		t.Errorf("got %v", err)
	}
}

func TestPreviewSecret_TakenAwayInTheSameRun_IsPlannedWithTheKeptValue(t *testing.T) {
	v := newVault()
	if _, err := v.create(t, "first"); err != nil {
		t.Fatal(err)
	}
	want := desired.Secret{Name: "db", Mode: 0o400}
	for _, keep := range []bool{true, false} {
		door := New(v, registry{})
		remains := door.Secrets().Leave(t.Context(), "nas", "db", &keep)
		if (remains.Volume != "") != keep || !remains.Generated {
			t.Errorf("keep %t: %+v", keep, remains)
		}
		var opts SecretOptions
		opts.Made = SecretGenerated
		got, err := door.Secrets().Preview(t.Context(), "nas", want, opts)
		if err != nil || got.TakesUp != keep || got.Write == keep || len(got.Problems) > 0 {
			t.Errorf("keep %t: %+v, %v", keep, got, err)
		}
	}
}
