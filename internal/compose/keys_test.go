package compose

import (
	"slices"
	"strings"
	"testing"
)

// TestKeyTable_EveryKeyOfTheSchema_HasARule walks the schema that compose-go
// validates with, so that a key which a newer one brings is decided about.
func TestKeyTable_EveryKeyOfTheSchema_HasARule(t *testing.T) {
	table := knownKeys()
	keys := mustSchemaKeys(t)
	if len(keys) < 250 {
		t.Fatalf("the schema has %d keys only: is it still read as it is written?", len(keys))
	}
	for _, key := range keys {
		if !table.covers(key) {
			t.Errorf("%s has no rule", key)
		}
	}
}

// TestKeyTable_EveryRule_IsAboutAKeyOfTheSchema finds misspelt rules.
func TestKeyTable_EveryRule_IsAboutAKeyOfTheSchema(t *testing.T) {
	keys := mustSchemaKeys(t)
	for path := range knownKeys().rules {
		if !slices.Contains(keys, path) {
			t.Errorf("the schema has no %s", path)
		}
	}
}

func TestKeyTable_RefusedAndIgnored_HaveAReason(t *testing.T) {
	for path, r := range knownKeys().rules {
		if r.verdict != supported && (r.reason == "" || strings.HasSuffix(r.reason, ".")) {
			t.Errorf("%s: %q", path, r.reason)
		}
	}
}

func TestLoad_IgnoredKey_WarnsWithServiceAndKey(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("deploy: {labels: {a: b}, placement: {constraints: [x]}, update_config: {parallelism: 1}}")})
	for _, key := range []string{"deploy.labels", "deploy.placement", "deploy.update_config.parallelism"} {
		if !contains(stack.Warnings, `service "web": key "`+key+`" has no effect: `) {
			t.Errorf("no warning of %s: %q", key, stack.Warnings)
		}
	}
}

func TestLoad_RefusedKeyWithHarmlessValue_IsAccepted(t *testing.T) {
	oneService(t, "models: []")
}

func mustSchemaKeys(t *testing.T) []string {
	t.Helper()
	keys, err := schemaKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestKeys_KeyBelowARefusedOne_IsRefusedForItsReason(t *testing.T) {
	keys, err := Keys()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Path == "services.*.develop.watch.path" })
	if i < 0 || keys[i].Verdict != "refused" || keys[i].Reason == "" {
		t.Errorf("no such key, or another verdict: %d of %v", i, keys)
	}
}

// covers reports whether a key or one above it, which is not looked into, has a
// rule.
func (t *keyTable) covers(key string) bool {
	for {
		if _, ok := t.rules[key]; ok {
			return true
		}
		i := strings.LastIndex(key, ".")
		if i < 0 {
			return false
		}
		key = key[:i]
		if r, ok := t.rules[key]; ok {
			return r.verdict != supported
		}
	}
}
