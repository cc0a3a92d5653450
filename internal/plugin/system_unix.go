//go:build !windows

package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// ownGroup puts the command into a process group of its own, so that cancelling it ends its children with it, and a
// terminal's interrupt reaches it through the host only.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}

// checkWriters refuses a file or folder that someone else may write. In a sticky folder others cannot replace what is there.
func checkWriters(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	stat := info.Sys().(*syscall.Stat_t)
	if err := refuseOwner(path, stat.Uid, os.Geteuid()); err != nil {
		return err
	}
	return refuseWriters(path, info.Mode(), stat.Gid)
}

// refuseOwner refuses what belongs to neither this user nor root: an owner may always write.
func refuseOwner(path string, owner uint32, me int) error {
	if owner != 0 && int(owner) != me {
		return fmt.Errorf("%s belongs to another user; make it yours or root's (chown) before it is trusted", path)
	}
	return nil
}

func refuseWriters(path string, mode fs.FileMode, gid uint32) error {
	if mode.IsDir() && mode&fs.ModeSticky != 0 {
		return nil
	}
	if mode.Perm()&0o002 != 0 {
		return fmt.Errorf("%s may be written by anyone; take that right away (chmod o-w) before it is trusted", path)
	}
	if mode.Perm()&0o020 != 0 && !private(gid) {
		return fmt.Errorf("%s may be written by a group; take that right away (chmod g-w) before it is trusted", path)
	}
	return nil
}

// private reports whether a group is the one that many systems give each user, named after the user and with nobody else
// in it: what they make is writable for that group.
func private(gid uint32) bool {
	me, err := user.Current()
	if err != nil || me.Gid != strconv.FormatUint(uint64(gid), 10) {
		return false
	}
	group, err := user.LookupGroupId(me.Gid)
	return err == nil && group.Name == me.Username
}
