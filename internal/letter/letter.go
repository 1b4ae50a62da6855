// Package letter changes the first letter of texts, of whatever script.
package letter

import (
	"unicode"
	"unicode/utf8"
)

// Capital returns the text with a capital first letter.
func Capital(text string) string { return first(text, unicode.ToUpper) }

// Small returns the text with a small first letter.
func Small(text string) string { return first(text, unicode.ToLower) }

func first(text string, change func(rune) rune) string {
	letter, size := utf8.DecodeRuneInString(text)
	if letter == utf8.RuneError { // nothing, or not a letter
		return text
	}
	return string(change(letter)) + text[size:]
}
