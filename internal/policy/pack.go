package policy

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Pack is a folder of Rego: checks/ and what they import.
type Pack struct {
	Name    string // as messages and reports call it
	FS      fs.FS
	Version string // of a bundle, if it says so
	SHA256  string // of the bundle, or of a folder's Rego files; hexadecimal

	files map[string][]byte // of a bundle, in place of FS
}

// Source is where a pack comes from.
type Source struct {
	// Path is a folder, a bundle in OPA's format (FILE.tar.gz), or oci://registry/repository:tag or @sha256:….
	Path string
	// Key is the PEM file of the public key that must have signed the bundle; empty: a signature is not looked at.
	Key string
	// CAFile is a PEM file of authorities for oci://, in place of the system's.
	CAFile             string
	Username, Password string // for oci://; empty: none
}

const (
	maxBundle     = 16 << 20 // bytes of a bundle
	maxPack       = 64 << 20 // bytes of a bundle's files together
	maxPackFile   = 4 << 20  // bytes of one file
	maxPackFiles  = 10_000
	ociScheme     = "oci://"
	bundleEnding  = ".tar.gz"
	regoEnding    = ".rego"
	testEnding    = "_test.rego"
	hiddenPrefix  = "."
	checksFolder  = "checks"
	fixtureFolder = "testdata"
)

// Open reads a pack from its source. Nothing is unpacked to disk.
func Open(ctx context.Context, s Source) (Pack, error) {
	if strings.HasPrefix(s.Path, ociScheme) {
		data, err := pull(ctx, s)
		if err != nil {
			return Pack{}, fmt.Errorf("pack %s: %w", s.Path, err)
		}
		return unpack(s, data)
	}
	info, err := os.Stat(s.Path)
	switch {
	case err == nil && info.IsDir():
		if s.Key != "" {
			return Pack{}, fmt.Errorf("pack %s is a folder and carries no signature, but a key is set for it; name a signed bundle (kubemuster policy build --signing-key)", s.Path)
		}
		return openFolder(s.Path)
	case err == nil && strings.HasSuffix(s.Path, bundleEnding):
		data, err := readFile(s.Path, maxBundle)
		if err != nil {
			return Pack{}, fmt.Errorf("pack %s: %w", s.Path, err)
		}
		return unpack(s, data)
	case err == nil:
		return Pack{}, fmt.Errorf("pack %s is neither a folder nor a bundle; name a folder that holds checks/, a FILE.tar.gz, or oci://registry/repository:tag", s.Path)
	}
	return Pack{}, fmt.Errorf("there is no pack %s; name a folder that holds checks/, a bundle FILE.tar.gz, or oci://registry/repository:tag", s.Path)
}

// openFolder opens a folder. Links that lead out of it are errors, never followed.
func openFolder(dir string) (Pack, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Pack{}, fmt.Errorf("pack %s: %w", dir, err)
	}
	return Pack{Name: filepath.ToSlash(filepath.Clean(dir)), FS: root.FS()}, nil
}

// sources calls do with each Rego file of a pack, in the order of their names.
func (p Pack) sources(do func(file string, source []byte) error) error {
	if p.files != nil {
		for _, file := range slices.Sorted(maps.Keys(p.files)) {
			if err := do(file, p.files[file]); err != nil {
				return err
			}
		}
		return nil
	}
	files := 0
	return fs.WalkDir(p.FS, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case file != "." && strings.HasPrefix(d.Name(), hiddenPrefix), d.IsDir() && d.Name() == fixtureFolder:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		info, err := fs.Stat(p.FS, file)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a link to a folder, which is not followed; put the folder itself there", file)
		}
		if !strings.HasSuffix(file, regoEnding) {
			if strings.EqualFold(filepath.Ext(file), regoEnding) {
				return fmt.Errorf("%s: files of Rego end in %s; rename it", file, regoEnding)
			}
			return nil
		}
		if files++; files > maxPackFiles || info.Size() > maxPackFile {
			return fmt.Errorf("%s: a pack has at most %d files of at most %d MiB", file, maxPackFiles, maxPackFile>>20)
		}
		source, err := fs.ReadFile(p.FS, file)
		if err != nil {
			return err
		}
		return do(file, source)
	})
}

// digest is the pack's SHA256; that of a folder is over the names and texts of its Rego files.
func (p Pack) digest() (string, error) {
	if p.SHA256 != "" {
		return p.SHA256, nil
	}
	h := sha256.New()
	err := p.sources(func(file string, source []byte) error {
		if !strings.HasSuffix(file, testEnding) {
			fmt.Fprintf(h, "%d:%s;%d:%s;", len(file), file, len(source), source)
		}
		return nil
	})
	return fmt.Sprintf("%x", h.Sum(nil)), err
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data bytes.Buffer
	if n, err := io.Copy(&data, io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	} else if n > limit {
		return nil, fmt.Errorf("it is larger than %d MiB", limit>>20)
	}
	return data.Bytes(), nil
}

var errNoChecks = errors.New("it holds no checks; they belong below " + checksFolder + "/, in packages kubemuster.checks.<domain>.<name>")

// nameOf is what a bundle calls itself, else where it comes from.
func nameOf(s Source, metadata map[string]any) string {
	name, _ := metadata["name"].(string)
	return cmp.Or(printable(name), s.Path)
}
