package secret

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestRecipe_Generate_HoldsItsWord(t *testing.T) {
	r := recipe{Length: types.Int64Value(40), Special: types.BoolValue(true), Upper: types.BoolValue(false), MinDigits: types.Int64Value(5),
		MinSpecial: types.Int64Value(3), Exclude: types.StringValue("0l")}.withDefaults()
	if diags := r.check(); diags.HasError() {
		t.Fatal(diags)
	}
	seen, used := map[string]bool{}, map[rune]bool{}
	for range 300 {
		value, err := r.generate()
		if err != nil {
			t.Fatal(err)
		}
		text := string(value)
		if len(text) != 40 || strings.ContainsAny(text, upperCharacters+"0l\"'\\$` ") || count(text, digitCharacters) < 5 || count(text, specialCharacters) < 3 || seen[text] {
			t.Fatalf("got %q", text)
		}
		seen[text] = true
		for _, c := range text {
			used[c] = true
		}
	}
	made, err := r.generate()
	if err != nil || !r.matches(made) {
		t.Errorf("its own value does not fit: %v", err)
	}
	for _, other := range [][]byte{made[1:], append([]byte("l"), made[1:]...), []byte(strings.Repeat("a", 40))} {
		if r.matches(other) {
			t.Errorf("%q fits", other)
		}
	}
	// Of 12,000 draws from 61 characters none is left out but once in 10^80.
	if want := len(lowerCharacters) + len(digitCharacters) + len(specialCharacters) - 2; len(used) != want {
		t.Errorf("%d characters are used, not %d", len(used), want)
	}
}

func count(text, of string) int {
	n := 0
	for _, c := range text {
		if strings.ContainsRune(of, c) {
			n++
		}
	}
	return n
}

func TestRecipe_Impossible_IsRefusedAtItsArgument(t *testing.T) {
	for name, c := range map[string]struct {
		recipe recipe
		says   string
	}{
		"minimums over the length": {recipe{Length: types.Int64Value(4), MinLower: types.Int64Value(3), MinDigits: types.Int64Value(2)}, "5 characters together, and the value has 4"},
		"minimum of no class":      {recipe{Upper: types.BoolValue(false), MinUpper: types.Int64Value(1)}, "class upper, of which none is allowed"},
		"all of a class excluded":  {recipe{MinDigits: types.Int64Value(1), Exclude: types.StringValue("0123456789")}, "class digits, of which none is allowed"},
		"no class":                 {recipe{Lower: types.BoolValue(false), Upper: types.BoolValue(false), Digits: types.BoolValue(false)}, "No character is allowed"},
	} {
		diags := c.recipe.withDefaults().check()
		if len(diags) != 1 || !strings.Contains(diags[0].Detail(), c.says) {
			t.Errorf("%s: %v", name, diags)
		}
	}
	if _, err := (recipe{Length: types.Int64Value(3)}).generate(); err == nil {
		t.Error("a value was made of no characters")
	}
}

func TestModel_Source_IsExactlyOne(t *testing.T) {
	null, some := types.StringNull(), types.StringValue("x")
	generate := types.ObjectNull(nil)
	for name, c := range map[string]struct {
		m    model
		says string
	}{
		"one":             {model{Value: some, ValueBase64: null, Generate: generate}, ""},
		"none":            {model{Value: null, ValueBase64: null, Generate: generate}, "A secret needs a value"},
		"two":             {model{Value: some, ValueBase64: types.StringValue("eA=="), Generate: generate}, "value and value_base64 are all set"},
		"not known":       {model{Value: types.StringUnknown(), ValueBase64: null, Generate: generate}, ""},
		"empty":           {model{Value: types.StringValue(""), ValueBase64: null, Generate: generate}, "The value is empty"},
		"no base64":       {model{Value: null, ValueBase64: types.StringValue("s3cr=t"), Generate: generate}, "The value is not base64"},
		"empty in base64": {model{Value: null, ValueBase64: types.StringValue(""), Generate: generate}, "The value is empty"},
	} {
		diags := c.m.checkSource()
		if c.says == "" && len(diags) > 0 || c.says != "" && (len(diags) != 1 || !strings.Contains(diags[0].Detail(), c.says)) {
			t.Errorf("%s: %v", name, diags)
		}
		for _, d := range diags {
			if strings.Contains(d.Detail(), "s3cr") {
				t.Errorf("%s: the message quotes the value: %s", name, d.Detail())
			}
		}
	}
}
