package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kubemuster/kubemuster/test/e2e/fault"
)

// What a plugin does wrong costs its own target, with a sentence that says what. A token is sent to no host that the plugin
// has made up.
func TestFaultsOfPlugins(t *testing.T) {
	t.Parallel()
	elsewhere := &visited{}
	foreign := fault.ServeFor(t, world.ca, "elsewhere.example", elsewhere)
	prod := world.prod.URL()
	cases := []struct{ behaviour, server, stage, says string }{
		{"plain-http", prod, "access", "is not an https URL"},
		{"metadata-server", prod, "access", "169.254.169.254"},
		{"metadata-server-over-ipv6", prod, "access", "link-local"},
		{"trusts-nothing", prod, "access", "no certificate authority to trust"},
		{"bad-ca", prod, "access", "holds no PEM certificate"},
		{"nameless", prod, "access", "the cluster has no provider"},
		{"another-provider", prod, "access", `is of provider "eks"`},
		{"long-name", prod, "access", "is longer than"},
		{"huge-answer", prod, "access", "larger than max"},
		{"behaves", foreign, "connect", "is for another host"},
		{"empty-token", prod, "token", "gave an empty credential"},
		{"old-token", prod, "token", "that expired at"},
		{"wrong-token", prod, "connect", "does not accept the token"},
		{"token-of-two-lines", prod, "token", "no HTTP header"},
		{"huge-token", prod, "token", "is longer than"},
		{"tells-secrets", prod, "access", "[redacted] is refused; try [redacted]"},
		{"leaks", prod, "access", "[redacted]"},
	}
	var targets []string
	for _, c := range cases {
		targets = append(targets, rogueAt(c.behaviour, c.server))
	}
	box := newSandbox(t)
	s := scanBy(t, world.raced.command, world.rogues, box.env(), slices.Concat(targets, []string{"--concurrency", "8"}, faultChecks)...)
	box.checkEmpty(t)
	if s.code != exitIncomplete || len(s.runs) != len(cases) {
		t.Fatalf("the exit code is %d, with %d runs\n%s", s.code, len(s.runs), s.tail())
	}
	for i, c := range cases {
		t.Run(c.behaviour, func(t *testing.T) { s.runs[i].checkNotScanned(t, c.stage, c.says) })
	}
	elsewhere.check(t)
	if !strings.Contains(s.stderr, "signed in as [redacted]") {
		t.Errorf("the log lacks what the plugin said:\n%s", s.tail())
	}
}

// A plugin that ends is started again once; the second time it is given up. A plugin that hangs is ended with its scan.
func TestFaultsOfPluginProcesses(t *testing.T) {
	for behaviour, c := range map[string]struct{ stage, says string }{
		"panics-at-access": {"access", "plugin rogue crashed again (its last words: panic: as the target asked, with [redacted]"},
		"exits-at-access":  {"access", "plugin rogue crashed again"},
		"panics":           {"token", "plugin rogue crashed again (its last words: panic: as the target asked"},
		"exits-at-token":   {"token", "plugin rogue crashed again"},
		"hangs":            {"access", "the target's time ran out; give it longer with --timeout"},
		"hangs-at-token":   {"token", "the target's time ran out; give it longer with --timeout"},
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			flags := []string{rogueAt(behaviour, world.prod.URL())}
			if strings.HasPrefix(behaviour, "hangs") {
				flags = append(flags, "--timeout", "3s")
			}
			scanBroken(t, flags...).checkNotScanned(t, c.stage, c.says)
		})
	}
}

// A program that is no plugin, or does not get to be one, is given up.
func TestFaultsOfPluginStarts(t *testing.T) {
	for name, c := range map[string]struct{ script, says string }{
		"ends":    {"#!/bin/sh\necho no configuration >&2\nexit 1\n", "no configuration"},
		"garbage": {"#!/bin/sh\necho hello\n", "Unrecognized remote plugin message"},
		"hangs":   {"#!/bin/sh\nexec sleep 1000\n", "timeout while waiting for plugin to start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, box := t.TempDir(), newSandbox(t)
			if err := os.WriteFile(pluginPath(dir, "broken"), []byte(c.script), 0o755); err != nil {
				t.Fatal(err)
			}
			s := scanWith(t, dir, box.env(), "broken://target")
			box.checkEmpty(t)
			s.checkNotScanned(t, "plugin", "plugin broken did not start", c.says)
		})
	}
}
