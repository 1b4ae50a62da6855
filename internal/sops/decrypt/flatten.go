package decrypt

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	upstream "github.com/getsops/sops/v3"
)

// flatten gives every value of a tree a key: the keys that lead to it, joined by
// dots, and the index in a list, from 0. Keys of an INI file before its first
// section have no section in theirs. Comments and empty maps and lists have no
// value. Two values of one key are an error that names the key.
func flatten(tree upstream.TreeBranch, ini bool) (map[string]*string, error) {
	out := map[string]*string{}
	for _, item := range tree {
		key, ok := item.Key.(string)
		if !ok {
			continue // a comment
		}
		if ini && key == "DEFAULT" {
			key = ""
		}
		if err := add(out, key, item.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func add(out map[string]*string, key string, value any) error {
	switch v := value.(type) {
	case upstream.TreeBranch:
		for _, item := range v {
			name, ok := item.Key.(string)
			if !ok {
				continue // a comment
			}
			if err := add(out, join(key, name), item.Value); err != nil {
				return err
			}
		}
	case []any:
		index := 0
		for _, element := range v {
			if _, comment := element.(upstream.Comment); comment {
				continue
			}
			if err := add(out, join(key, strconv.Itoa(index)), element); err != nil {
				return err
			}
			index++
		}
	case upstream.Comment:
	default:
		if _, twice := out[key]; twice {
			return fmt.Errorf("two of its values have the key %q", key)
		}
		out[key] = text(v)
	}
	return nil
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// text is a value as its format writes it; nil for a null.
func text(value any) *string {
	var s string
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		s = v
	case []byte:
		s = base64.StdEncoding.EncodeToString(v)
	case float64:
		s = strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		s = v.Format(time.RFC3339Nano)
	default: // integers and booleans
		s = fmt.Sprint(v)
	}
	return &s
}
