package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes the report to path as Replace does.
func WriteFile(path string, w Writer, r *Report) error {
	return Replace(path, func(f io.Writer) error { return w.Write(f, r) })
}

// Replace writes a file so that a reader finds the old one or the new one, never a part: it writes a temporary file beside path, flushes it to the disk and renames it. After a failure the old file is as it was and no
// temporary file is left.
//
// Findings tell an attacker where to go, so a new file can be read by its owner alone (0600); a file that is replaced
// keeps its permissions. A symbolic link stays, its target is replaced. What is no regular file, such as a named pipe or
// /dev/stdout, is written to directly.
func Replace(path string, write func(io.Writer) error) error {
	path, info, err := destination(path)
	if err != nil {
		return err
	}
	if info != nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("write %s: %w; name another file", path, cause(err))
		}
		return finish(path, f, write(f))
	}
	f, err := temporary(path)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // finds nothing once the file was renamed
	if info != nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return finish(path, f, err)
		}
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err := finish(path, f, err); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("put %s in place: %w; check the permissions of the file and its folder", path, cause(err))
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// CheckWritable returns the error that Replace would meet at once: no such folder, no right to write there, a folder in
// the file's place. It leaves nothing behind. A scan asks before it starts, so that a mistyped path costs no scan. The place
// is the absolute path of what Replace would write, without links: the same for two names of one file.
func CheckWritable(path string) (place string, err error) {
	path, info, err := destination(path)
	if err != nil {
		return "", err
	}
	if info == nil || info.Mode().IsRegular() { // opening a pipe would wait for its reader
		f, err := temporary(path)
		if err != nil {
			return "", err
		}
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			return "", err
		}
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err == nil {
		folder, err = filepath.EvalSymlinks(folder)
	}
	if err != nil {
		return "", fmt.Errorf("write %s: %w; check the path of its folder", path, cause(err))
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

// destination follows path to the file that is to be replaced. The info is nil where there is none yet.
func destination(path string) (string, fs.FileInfo, error) {
	if path == "" {
		return "", nil, errors.New("the report's path is empty; name a file, or - for standard output")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if link, err := os.Readlink(path); err == nil { // to a file that does not exist yet
			if !filepath.IsAbs(link) {
				link = filepath.Join(filepath.Dir(path), link)
			}
			return destination(link)
		}
		return path, nil, nil
	case err != nil:
		return "", nil, fmt.Errorf("write %s: %w; check the path and the permissions of its folder", path, cause(err))
	case info.IsDir():
		return "", nil, fmt.Errorf("write %s: it is a folder; name a file in it", path)
	case !info.Mode().IsRegular():
		return path, info, nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", nil, fmt.Errorf("write %s: %w; check the link", path, cause(err))
	}
	return target, info, nil
}

// temporary creates a file, readable by its owner alone, in the folder of path: a rename does not cross file systems.
func temporary(path string) (*os.File, error) {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".kubemuster-*")
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("write %s: folder %s does not exist; create it first", path, folder)
	}
	return nil, fmt.Errorf("write %s: no file can be created in folder %s: %w; choose a folder that you may write to", path, folder, cause(err))
}

// finish closes the file and returns the first error.
func finish(path string, f io.Closer, err error) error {
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	return nil
}

// syncFolder makes a rename last through a power cut. Some file systems refuse it, and the report is whole either way.
func syncFolder(folder string) {
	if d, err := os.Open(folder); err == nil {
		d.Sync()
		d.Close()
	}
}

// cause strips the operation and the path, often that of a temporary file, off an error.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
