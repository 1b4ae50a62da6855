// Package concepttest holds what a concept's code lists by hand against its model.
package concepttest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// EachField calls a function for each attribute of a model with a model in which that
// attribute is unknown and all others are null, and with one in which all are null.
// The function has to report true, except for the attributes that are named as others;
// there it has to report false.
func EachField[M any](t *testing.T, notices func(changed, null *M) bool, others ...string) {
	t.Helper()
	var null M
	for _, field := range attributes(&null) {
		switch field.Interface().(type) { // whose zero values have no element type
		case types.List:
			field.Set(reflect.ValueOf(types.ListNull(types.StringType)))
		case types.Set:
			field.Set(reflect.ValueOf(types.SetNull(types.StringType)))
		case types.Map:
			field.Set(reflect.ValueOf(types.MapNull(types.StringType)))
		}
	}
	for name := range attributes(&null) {
		changed := null
		field := attributes(&changed)[name]
		field.Set(reflect.ValueOf(unknown(t, field.Interface().(attr.Value))))
		if got, want := notices(&changed, &null), !slices.Contains(others, name); got != want {
			t.Errorf("attribute %s: noticed is %t, want %t: complete the list in the code, or the one in the test", name, got, want)
		}
	}
	for _, name := range others {
		if _, ok := attributes(&null)[name]; !ok {
			t.Errorf("the model has no attribute %s", name)
		}
	}
}

// attributes are the fields of a model by their attributes' names.
func attributes(model any) map[string]reflect.Value {
	fields, value := map[string]reflect.Value{}, reflect.ValueOf(model).Elem()
	for i := range value.NumField() {
		if name := value.Type().Field(i).Tag.Get("tfsdk"); name != "" {
			fields[name] = value.Field(i)
		}
	}
	return fields
}

// unknown is the unknown value of a null value's type.
func unknown(t *testing.T, null attr.Value) attr.Value {
	t.Helper()
	kind := null.Type(t.Context())
	value, err := kind.ValueFromTerraform(t.Context(), tftypes.NewValue(kind.TerraformType(t.Context()), tftypes.UnknownValue))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
