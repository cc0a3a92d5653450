package scan

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/kubemuster/kubemuster/internal/finding"
)

// TestKept keeps findings of which each has one field that the others lack, whatever fields there are.
func TestKept(t *testing.T) {
	var all []finding.Finding
	add := func(f finding.Finding) {
		f.Message = fmt.Sprint("number ", len(all))
		all = append(all, f)
	}
	fields := reflect.TypeFor[finding.Finding]()
	for i := range fields.NumField() {
		for range 2 {
			var f finding.Finding
			set(t, reflect.ValueOf(&f).Elem().Field(i))
			add(f)
		}
	}
	object := reflect.TypeFor[finding.Object]()
	for i := range object.NumField() {
		var f finding.Finding
		set(t, reflect.ValueOf(&f.Object).Elem().Field(i))
		add(f)
	}
	var kept kept
	kept.add(all[:3])
	kept.add(all[3:])
	byMessage := func(list []finding.Finding) map[string]finding.Finding {
		m := map[string]finding.Finding{}
		for _, f := range list {
			m[f.Message] = f
		}
		return m
	}
	got := kept.take()
	if len(got) != len(all) {
		t.Errorf("%d findings were kept, and %d given", len(all), len(got))
	}
	for message, want := range byMessage(all) {
		if f := byMessage(got)[message]; !reflect.DeepEqual(f, want) {
			t.Errorf("%s was kept as %+v, and given as %+v", message, f, want)
		}
	}
	if again := kept.take(); len(again) != 0 {
		t.Errorf("taken findings are given again: %d", len(again))
	}
}

// set gives v a value that is not zero.
func set(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(t, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			set(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(t, v.Index(0))
	default:
		t.Fatalf("a finding has a field of a kind that this test does not know: %v", v.Type())
	}
}
