package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// A small file that unpacks to more than any recording does is given up, whether it holds objects or nothing, and one that
// ends just there is read.
func TestLimit(t *testing.T) {
	const header = `{"format":"kubemuster-snapshot","version":1}` + "\n"
	const namespace = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}` + "\n"
	const n = 1000
	end := fmt.Sprintf(`{"end":{"objects":{"Namespace":%d}}}`+"\n", n)
	whole := header + strings.Repeat(namespace, n) + end
	read := func(text string, limit int64) error {
		var packed bytes.Buffer
		w, err := Compress(&packed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&packed, "prod.snapshot")
		if err != nil {
			t.Fatal(err)
		}
		if r.limit != 16<<30 {
			t.Errorf("the limit is %d", r.limit)
		}
		r.limit = limit
		for {
			if _, err := r.Next(); err != nil {
				return err
			}
		}
	}
	if err := read(whole, int64(len(whole))); !errors.Is(err, io.EOF) {
		t.Errorf("within the limit: %v", err)
	}
	const want = "prod.snapshot:%d: the file unpacks to more than 0 GiB, which no recording does"
	if err := read(whole, int64(len(whole))-1); err == nil || err.Error() != fmt.Sprintf(want, n+2) {
		t.Errorf("one byte more: %v", err)
	}
	if err := read(header+strings.Repeat("\n", 1<<20), 4096); err == nil || err.Error() != fmt.Sprintf(want, 4096-len(header)+2) {
		t.Errorf("empty lines: %v", err)
	}
}

// A line that would take too much when it is decoded is refused before, whatever it is: a wanted object, another one, the
// header or the end record.
func TestHeavyLines(t *testing.T) {
	const header = `{"format":"kubemuster-snapshot","version":1}` + "\n"
	empty := "{}" + strings.Repeat(",{}", 1_000_000)
	for name, text := range map[string]string{
		"an object":       header + "\n" + `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[` + empty + `]}}`,
		"of another kind": header + "\n" + `{"apiVersion":"x/v1","kind":"Other","metadata":{"name":"web"},"spec":[` + empty + `]}`,
		"the end record":  header + "\n" + `{"end":{"gaps":[` + empty + `]}}`,
		"the header":      "\n\n" + `{"format":"kubemuster-snapshot","version":1,"custom":[` + empty + `]}`,
	} {
		const want = "prod.snapshot:3: the line is too large to be read: it would take more than 256 MiB, which no object of a cluster does"
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := NewReader(strings.NewReader(text), "prod.snapshot")
		if err == nil {
			_, err = r.Next()
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; err == nil || err.Error() != want || took > 64<<20 {
			t.Errorf("%s: %v, after %d MiB", name, err, took>>20)
		}
	}
}
