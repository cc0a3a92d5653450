package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// readersGroup is the Kubernetes group that Kubemuster's ClusterRole is bound to.
const readersGroup = "kubemuster:readers"

// unauthorizedHint says what the cluster lacks where it refuses a good token: a grant for the caller, in the place that
// its authentication mode names. caller is empty where it is not known; assumed is the role that the target names.
func unauthorizedHint(c *types.Cluster, caller, assumed string) string {
	mode := types.AuthenticationModeConfigMap // what clusters had before there were modes
	if c.AccessConfig != nil && c.AccessConfig.AuthenticationMode != "" {
		mode = c.AccessConfig.AuthenticationMode
	}
	who, grantee := "the caller is "+caller, principal(caller, assumed)
	if caller == "" {
		who, grantee = "the caller is not known (sts:GetCallerIdentity failed)", "the caller's user or role"
	}
	cluster := fmt.Sprintf("cluster %q (authentication mode %s)", aws.ToString(c.Name), mode)
	if mode == types.AuthenticationModeConfigMap {
		return fmt.Sprintf("%s; %s needs a mapping of %s to the group %s in ConfigMap kube-system/aws-auth", who, cluster, withoutPath(grantee), readersGroup)
	}
	if caller != "" && grantee != caller && grantee != assumed {
		grantee += " (with its path, if the role has one)"
	}
	return fmt.Sprintf("%s; %s needs an access entry for %s with the group %s", who, cluster, grantee, readersGroup)
}

// principal returns the ARN that a grant must name. A session calls itself assumed-role/NAME/SESSION, which is no
// principal; the role behind it is, and its path is not in the session's name.
func principal(caller, assumed string) string {
	a, err := arn.Parse(caller)
	if err != nil || !strings.HasPrefix(a.Resource, "assumed-role/") {
		return caller
	}
	name := strings.Split(a.Resource, "/")[1]
	if r, err := arn.Parse(assumed); err == nil && r.AccountID == a.AccountID && path.Base(r.Resource) == name {
		return assumed
	}
	a.Service, a.Resource = "iam", "role/"+name
	return a.String()
}

// withoutPath returns a role's ARN as aws-auth wants it: it never matches one with a path.
func withoutPath(principal string) string {
	a, err := arn.Parse(principal)
	if err != nil || !strings.HasPrefix(a.Resource, "role/") {
		return principal
	}
	a.Resource = "role/" + path.Base(a.Resource)
	return a.String()
}
