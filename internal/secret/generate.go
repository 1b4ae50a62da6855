package secret

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The classes of characters. Special has no quotes, backslash, space, "$" and "`",
// which shells, Compose documents and connection strings give a meaning.
const (
	lowerCharacters   = "abcdefghijklmnopqrstuvwxyz"
	upperCharacters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digitCharacters   = "0123456789"
	specialCharacters = "!#%&()*+,-./:;<=>?@[]^_{|}~"
)

// class is one kind of characters of a generated value.
type class struct {
	name       string
	characters string // that may be used; empty for none
	least      int    // how many there are at least
}

// classes are the characters that a recipe allows.
func (r recipe) classes() []class {
	all := []class{
		{"lower", lowerCharacters, int(r.MinLower.ValueInt64())}, {"upper", upperCharacters, int(r.MinUpper.ValueInt64())},
		{"digits", digitCharacters, int(r.MinDigits.ValueInt64())}, {"special", specialCharacters, int(r.MinSpecial.ValueInt64())},
	}
	wanted := []bool{r.Lower.ValueBool(), r.Upper.ValueBool(), r.Digits.ValueBool(), r.Special.ValueBool()}
	for i := range all {
		if !wanted[i] {
			all[i].characters = ""
		}
		all[i].characters = without(all[i].characters, r.Exclude.ValueString())
	}
	return all
}

func without(characters, excluded string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(excluded, c) {
			return -1
		}
		return c
	}, characters)
}

// generate makes a value. Every character that the recipe allows is as likely as
// any other; where a class has a minimum, so many places of the value are that
// class's.
func (r recipe) generate() ([]byte, error) {
	var value []byte
	var all string
	draw := func(characters string, count int) error {
		for range count {
			i, err := below(len(characters))
			if err != nil {
				return err
			}
			value = append(value, characters[i])
		}
		return nil
	}
	for _, c := range r.classes() {
		all += c.characters
		if err := draw(c.characters, c.least); err != nil {
			return nil, err
		}
	}
	if err := draw(all, int(r.Length.ValueInt64())-len(value)); err != nil {
		return nil, err
	}
	for i := len(value) - 1; i > 0; i-- { // Fisher and Yates
		j, err := below(i + 1)
		if err != nil {
			return nil, err
		}
		value[i], value[j] = value[j], value[i]
	}
	return value, nil
}

// below draws a number from 0 to n-1.
func below(n int) (int, error) {
	if n < 1 {
		return 0, fmt.Errorf("draw a character: none is allowed")
	}
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("draw a random number: %w", err)
	}
	return int(i.Int64()), nil
}

// withDefaults fills in what a configuration leaves out, as the schema does in a
// plan.
func (r recipe) withDefaults() recipe {
	for _, one := range []struct {
		value     *types.Int64
		otherwise int64
	}{{&r.Length, defaultLength}, {&r.MinLower, 0}, {&r.MinUpper, 0}, {&r.MinDigits, 0}, {&r.MinSpecial, 0}} {
		if one.value.IsNull() {
			*one.value = types.Int64Value(one.otherwise)
		}
	}
	for _, one := range []struct {
		value     *types.Bool
		otherwise bool
	}{{&r.Lower, true}, {&r.Upper, true}, {&r.Digits, true}, {&r.Special, false}} {
		if one.value.IsNull() {
			*one.value = types.BoolValue(one.otherwise)
		}
	}
	return r
}
