package plugin

import (
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
	var l Lock
	if err := json.Unmarshal(data, &l); err != nil || l.Version != 1 {
		return nil, fmt.Errorf("%s is no plugin lock of version 1; write it anew with kubemuster plugins lock", path)
	}
	return &l, nil
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

// LockEntry makes the lock's entry for a plugin from what it tells of itself when it is launched bare.
func (h *Host) LockEntry(ctx context.Context, name string, grantEnv bool) (LockedInfo, error) {
	p, err := h.Provider(ctx, name)
	if err != nil {
		return LockedInfo{}, err
	}
	sum, err := Hash(p.exe.Path)
	if err != nil {
		return LockedInfo{}, err
	}
	entry := LockedInfo{SHA256: map[string]string{Platform: hex.EncodeToString(sum)}, Env: []string{}, Info: p.Info()}
	if grantEnv {
		entry.Env = append(entry.Env, entry.Info.Env...)
	}
	return entry, nil
}
