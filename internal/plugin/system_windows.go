package plugin

import "os/exec"

func ownGroup(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Kill() }
}

// checkWriters refuses nothing: the mode bits say nothing here.
func checkWriters(string) error { return nil }
