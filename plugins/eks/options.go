package main

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/kubemuster/kubemuster/pkg/sdk"
)

// options is what a target says beside the cluster's name. Equal options mean the same client.
type options struct {
	region                           string
	profile                          string
	roleARN, externalID, sessionName string
	endpointURL, stsEndpointURL      string
	caFile                           string
}

// What AWS accepts, from the API references of EKS (CreateCluster) and STS (AssumeRole). The region becomes part of host
// names, so its pattern is also what keeps credentials from being sent elsewhere.
var (
	regionPattern      = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	clusterPattern     = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$`)
	externalIDPattern  = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
	sessionNamePattern = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
)

// parse reads and checks a target.
func parse(t sdk.Target) (cluster string, o options, err error) {
	cluster = t.Path["cluster"]
	o = options{
		region:         t.Path["region"],
		profile:        t.Params["profile"],
		roleARN:        t.Params["roleArn"],
		externalID:     t.Params["externalId"],
		sessionName:    t.Params["sessionName"],
		endpointURL:    t.Params["endpointUrl"],
		stsEndpointURL: t.Params["stsEndpointUrl"],
		caFile:         t.Params[sdk.ParameterCAFile.Name],
	}
	switch {
	case !regionPattern.MatchString(o.region):
		err = sdk.Errorf(sdk.ErrInvalidTarget, "write it as eks://us-east-1/prod", "%q is not an AWS region", o.region)
	case !clusterPattern.MatchString(cluster):
		err = sdk.Errorf(sdk.ErrInvalidTarget, "it takes up to 100 letters, digits, hyphens and underscores", "%q is not an EKS cluster's name", cluster)
	case o.roleARN == "" && (o.externalID != "" || o.sessionName != ""):
		err = sdk.Errorf(sdk.ErrInvalidTarget, "add roleArn", "externalId and sessionName say nothing without a role")
	case o.roleARN != "" && !isRole(o.roleARN):
		err = sdk.Errorf(sdk.ErrInvalidTarget, "write it as arn:aws:iam::111122223333:role/kubemuster", "parameter roleArn is %q, which is not a role's ARN", o.roleARN)
	case o.externalID != "" && (len(o.externalID) > 1224 || !externalIDPattern.MatchString(o.externalID)):
		err = sdk.Errorf(sdk.ErrInvalidTarget, "it takes 2 to 1224 letters, digits and any of _+=,.@:/-", "parameter externalId is not usable")
	case o.sessionName != "" && !sessionNamePattern.MatchString(o.sessionName):
		err = sdk.Errorf(sdk.ErrInvalidTarget, "it takes 2 to 64 letters, digits and any of _+=,.@-", "parameter sessionName is not usable")
	}
	if o.roleARN != "" && o.sessionName == "" {
		o.sessionName = "kubemuster"
	}
	return cluster, o, err
}

func isRole(s string) bool {
	a, err := arn.Parse(s)
	return err == nil && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/")
}
