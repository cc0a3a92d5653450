package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// Verified is a plugin of a folder, held against the folder's lock.
type Verified struct {
	Executable
	Env      []string // that the lock grants
	Problems []error  // each a sentence; none: the plugin is what was locked
}

// Verify holds a folder's plugins against its lock: those that are locked, and those that are there. One that is as locked
// is launched, with nothing in its environment, and asked what it is. An error means that there is no lock, or none that
// can be read.
func (h *Host) Verify(ctx context.Context, dir string) ([]Verified, error) {
	lock, err := ReadLock(dir)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "write one with kubemuster plugins lock", "%s holds no %s", dir, LockFile)
	}
	found := map[string]Executable{}
	for name := range lock.Plugins {
		found[name] = Executable{name, filepath.Join(dir, prefix+name+exeSuffix())}
	}
	for _, e := range NewHost(Options{Dirs: []string{dir}}).Installed() {
		found[e.Name] = e
	}
	var out []Verified
	for _, name := range slices.Sorted(maps.Keys(found)) {
		v := Verified{Executable: found[name], Env: lock.Plugins[name].Env}
		v.Problems = h.verify(ctx, v.Executable, lock.Plugins[name])
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out = append(out, v)
	}
	return out, nil
}

func (h *Host) verify(ctx context.Context, e Executable, entry LockedInfo) (problems []error) {
	_, sum, err := e.locked()
	if err != nil {
		problems = append(problems, err)
	}
	if _, err := os.Stat(e.Path); errors.Is(err, fs.ErrNotExist) {
		return append(problems, fmt.Errorf("plugin %s is in %s and not in its folder; put it back, or run kubemuster plugins lock", e.Name, LockFile))
	}
	if err := e.checkWriters(); err != nil {
		problems = append(problems, fmt.Errorf("plugin %s is refused: %w", e.Name, err))
	}
	if len(problems) > 0 {
		if err := e.unchanged(sum); sum != nil && err != nil {
			problems = append(problems, err)
		}
		return problems // nothing is launched that is not trusted
	}
	p := &Provider{host: h, exe: e}
	told, err := p.ask(ctx, sum)
	if err != nil {
		return []error{err}
	}
	if other := differences(entry.Info, told); len(other) > 0 {
		problems = append(problems, fmt.Errorf("plugin %s tells another %s than %s holds; look who changed the lock, then run kubemuster plugins lock", e.Name, strings.Join(other, ", "), LockFile))
	}
	for _, name := range entry.Env {
		if !slices.Contains(told.Env, name) {
			problems = append(problems, fmt.Errorf("%s grants plugin %s the variable %s, which it does not ask for and does not get; run kubemuster plugins lock", LockFile, e.Name, name))
		}
	}
	return problems
}

// differences names the fields in which two Infos differ.
func differences(a, b sdk.Info) (fields []string) {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		if one, other := x.Field(i), y.Field(i); !reflect.DeepEqual(one.Interface(), other.Interface()) && !(one.Kind() == reflect.Slice && one.Len()+other.Len() == 0) {
			fields = append(fields, strings.ToLower(x.Type().Field(i).Name))
		}
	}
	return fields
}
