package desired

import (
	"encoding/json"
	"testing"
)

func TestComposeHash_References_AreHashedAsIDs(t *testing.T) {
	encode := func(db string) string {
		text, err := json.Marshal(map[string]string{"ipc": "container:" + db, "pid": "container:" + db, "net": "container:abc"})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	got := NewComposeHash(encode(ContainerMark("db")), "db").Sum(func(service string) string { return service + "1234" })
	want := NewComposeHash(encode("db1234")).Sum(nil)
	if got != want || len(got) != 64 {
		t.Errorf("%s is not %s", got, want)
	}
}

func TestComposeHash_Zero_IsNone(t *testing.T) {
	if sum := (ComposeHash{}).Sum(nil); sum != "" {
		t.Error(sum)
	}
}
