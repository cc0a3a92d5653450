package plugin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// LockFile is the name of the lock in a plugin folder.
const LockFile = "plugins.lock"

// Lock says which executables a folder's plugins are, what they told of themselves, and which environment variables
// they were granted.
type Lock struct {
	Version int                   `json:"version"` // 1
	Plugins map[string]LockedInfo `json:"plugins"` // by provider
}

// LockedInfo is one plugin in a lock.
type LockedInfo struct {
	SHA256 map[string]string `json:"sha256"` // hexadecimal, by os_arch
	Env    []string          `json:"env"`    // granted
	Info   sdk.Info          `json:"info"`
}

// Platform is the key of this machine's hash in a lock.
const Platform = runtime.GOOS + "_" + runtime.GOARCH

// ReadLock reads the lock of a plugin folder; nil without an error if there is none.
func ReadLock(dir string) (*Lock, error) {
	path := filepath.Join(dir, LockFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the plugin lock: %w", err)
	}
	l, err := parseLock(data)
	if err != nil {
		return nil, sdk.Errorf(sdk.ErrInvalidTarget, "write it anew with kubemuster plugins lock", "%s%s", path, err)
	}
	return l, nil
}

// lockMistake is what is wrong with the text of a lock, and where: behind the path, it is a sentence.
type lockMistake struct {
	line int // 0: nowhere in particular
	what string
}

// Error implements error.
func (m lockMistake) Error() string {
	if m.line == 0 {
		return " " + m.what
	}
	return fmt.Sprintf(":%d: %s", m.line, m.what)
}

// parseLock reads a lock. It is stricter than JSON, since people read locks to see whom they trust: what they would overlook
// or misread, a key that is unknown or stands twice, is an error. Errors are of type lockMistake.
func parseLock(data []byte) (*Lock, error) {
	lineAt := func(offset int64) int { return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n")) }
	var head struct{ Version int }
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(data, &head); {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, lockMistake{what: "is empty"}
	case errors.As(err, &syntax):
		return nil, lockMistake{lineAt(syntax.Offset), "is no JSON: " + syntax.Error()}
	case errors.As(err, &wrong) || err == nil && head.Version != 1:
		return nil, lockMistake{what: "is no plugin lock of version 1"}
	case err != nil:
		return nil, lockMistake{what: "is no JSON: " + err.Error()}
	}
	lines := map[string]int{} // of each key, the first
	if err := walkKeys(json.NewDecoder(bytes.NewReader(data)), func(key string, twice bool, offset int64) error {
		if twice {
			return lockMistake{lineAt(offset), fmt.Sprintf("the key %q stands twice", key)}
		}
		if lines[key] == 0 {
			lines[key] = lineAt(offset)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	var l Lock
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); errors.As(err, &wrong) {
		return nil, lockMistake{lineAt(wrong.Offset), fmt.Sprintf("%s takes no %s", wrong.Field, wrong.Value)}
	} else if err != nil {
		what := strings.TrimPrefix(err.Error(), "json: ")
		key, _ := strconv.Unquote(strings.TrimPrefix(what, "unknown field "))
		return nil, lockMistake{lines[key], what}
	}
	return &l, nil
}

// walkKeys shows every key of a JSON value, with the offset behind it, and whether its object had it already: in another case,
// too, which Go takes for the same.
func walkKeys(d *json.Decoder, see func(key string, twice bool, offset int64) error) error {
	t, err := d.Token()
	if err != nil || t != json.Delim('{') && t != json.Delim('[') {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		if t == json.Delim('{') {
			token, err := d.Token()
			if err != nil {
				return err
			}
			key, _ := token.(string)
			if err := see(key, seen[strings.ToLower(key)], d.InputOffset()); err != nil {
				return err
			}
			seen[strings.ToLower(key)] = true
		}
		if err := walkKeys(d, see); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// Write writes the lock into a plugin folder.
func (l *Lock) Write(dir string) error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, LockFile)
	tmp, err := os.CreateTemp(dir, LockFile+".*")
	if err != nil {
		return fmt.Errorf("writing the plugin lock: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(append(data, '\n'))
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("writing the plugin lock: %w", err)
	}
	return os.Rename(tmp.Name(), path)
}

// Hash returns the sha256 of a file.
func Hash(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// locked returns what the lock of the executable's folder says of it: nil where there is no lock. An executable that is
// not in the lock is refused.
func (e Executable) locked() (*LockedInfo, []byte, error) {
	l, err := ReadLock(filepath.Dir(e.Path))
	if l == nil || err != nil {
		return nil, nil, err
	}
	const next = "check where it comes from, then run kubemuster plugins lock"
	p, ok := l.Plugins[e.Name]
	if !ok {
		return nil, nil, sdk.Errorf(sdk.ErrInvalidTarget, next, "plugin %s is not in %s", e.Name, LockFile)
	}
	sum, err := hex.DecodeString(p.SHA256[Platform])
	if err != nil || len(sum) != sha256.Size {
		return nil, nil, sdk.Errorf(sdk.ErrInvalidTarget, next, "plugin %s has no hash for %s in %s", e.Name, Platform, LockFile)
	}
	return &p, sum, nil
}

// unchanged compares the executable with the hash that the lock holds.
func (e Executable) unchanged(sum []byte) error {
	same, err := (&goplugin.SecureConfig{Checksum: sum, Hash: sha256.New()}).Check(e.Path)
	if err != nil {
		return fmt.Errorf("reading plugin %s: %w", e.Name, err)
	}
	if !same {
		return sdk.Errorf(sdk.ErrInvalidTarget, "check where the change comes from, then run kubemuster plugins lock",
			"plugin %s differs from the one in %s", e.Name, LockFile)
	}
	return nil
}

// LockEntry makes the lock's entry for a plugin from what it tells of itself when it is launched bare.
func (h *Host) LockEntry(ctx context.Context, name string, grantEnv bool) (LockedInfo, error) {
	exe, err := h.find(name)
	if err != nil {
		return LockedInfo{}, err
	}
	if err := exe.checkWriters(); err != nil {
		return LockedInfo{}, fmt.Errorf("plugin %s is refused: %w", name, err)
	}
	sum, err := Hash(exe.Path)
	if err != nil {
		return LockedInfo{}, err
	}
	ctx, cancel := h.untilClosed(ctx)
	defer cancel()
	p := &Provider{host: h, exe: exe}
	if err := p.introduce(ctx, nil); err != nil {
		return LockedInfo{}, err
	}
	if err := exe.unchanged(sum); err != nil {
		return LockedInfo{}, err
	}
	entry := LockedInfo{SHA256: map[string]string{Platform: hex.EncodeToString(sum)}, Env: []string{}, Info: p.Info()}
	if grantEnv {
		entry.Env = append(entry.Env, entry.Info.Env...)
	}
	return entry, nil
}
