// The race detector would cost ten minutes of building, and find nothing of ours: tests that run with it build this without.
//go:build !race

// Command apiserver runs etcd and the real kube-apiserver in one process, for tests. It takes kube-apiserver's own flags,
// and KUBEMUSTER_E2E_ETCD_DIR names etcd's empty data folder; the address of etcd goes to a file of that name with .address
// behind it. It ends with the process that started it.
package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	go exitWithParent(os.Getppid())
	dir := os.Getenv("KUBEMUSTER_E2E_ETCD_DIR")
	address, err := startEtcd(dir)
	if err == nil {
		err = os.WriteFile(dir+".address", []byte(address), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting etcd:", err)
		os.Exit(1)
	}
	command := app.NewAPIServerCommand()
	command.SetArgs(append(os.Args[1:], "--etcd-servers=http://"+address))
	os.Exit(cli.Run(command))
}

// exitWithParent ends the process when its parent is no longer the one that started it: a test that is killed cannot
// stop its servers.
func exitWithParent(parent int) {
	for range time.Tick(250 * time.Millisecond) {
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}

// startEtcd returns the address that etcd serves clients on.
func startEtcd(dir string) (string, error) {
	any := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	cfg := embed.NewConfig()
	cfg.Dir = dir
	cfg.LogLevel = "error"
	cfg.UnsafeNoFsync = true
	cfg.QuotaBackendBytes = 8 << 30 // a benchmark's pods are more than the 2 GB of the default
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = any, any
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = any, any
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return "", err
	}
	select {
	case <-e.Server.ReadyNotify():
		return e.Clients[0].Addr().String(), nil
	case <-time.After(time.Minute):
		return "", errors.New("not ready after a minute")
	}
}
