package aws

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// serveEKS answers DescribeCluster. https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
func (c *Cloud) serveEKS() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /clusters/{name}", c.describeCluster)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		eksError(w, http.StatusNotFound, "UnknownOperationException", "")
	})
	return mux
}

func (c *Cloud) describeCluster(w http.ResponseWriter, r *http.Request) {
	caller, s, err := c.authenticate(r, "eks")
	if err != nil {
		eksError(w, http.StatusForbidden, eksCode(err), err.Error())
		return
	}
	name := r.PathValue("name")
	id := arn.ARN{Partition: partition(s.region), Service: "eks", Region: s.region, AccountID: caller.account(), Resource: "cluster/" + name}.String()
	if !caller.describes(id) {
		eksError(w, http.StatusForbidden, "AccessDeniedException", fmt.Sprintf(
			"User: %s is not authorized to perform: eks:DescribeCluster on resource: %s because no identity-based policy allows the eks:DescribeCluster action", caller.caller, id))
		return
	}
	cluster, ok := c.cluster(id)
	if !ok {
		eksError(w, http.StatusNotFound, "ResourceNotFoundException", fmt.Sprintf("No cluster found for name: %s.", name))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"cluster": cluster.describe(name)})
}

func (c Cluster) describe(name string) map[string]any {
	out := map[string]any{
		"name":            name,
		"arn":             c.ARN,
		"createdAt":       float64(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Unix()),
		"status":          cmp.Or(c.Status, "ACTIVE"),
		"tags":            map[string]string{},
		"connectorConfig": nil,
		"outpostConfig":   nil,
	}
	if c.Connector {
		out["connectorConfig"] = map[string]any{"provider": "OTHER"}
		return out
	}
	out["version"], out["platformVersion"] = "1.37", "eks.1"
	out["accessConfig"] = map[string]any{"authenticationMode": cmp.Or(c.AuthenticationMode, "API"), "bootstrapClusterCreatorAdminPermissions": false}
	if c.Outpost {
		out["id"] = "00000000-0000-4000-8000-000000000000"
		out["outpostConfig"] = map[string]any{"outpostArns": []string{}, "controlPlaneInstanceType": "m5.large"}
	}
	if c.Endpoint != "" {
		out["endpoint"] = c.Endpoint
		out["certificateAuthority"] = map[string]any{"data": base64.StdEncoding.EncodeToString(c.CA)}
	}
	return out
}

func eksCode(err error) string {
	switch {
	case errors.Is(err, errMissing):
		return "MissingAuthenticationTokenException"
	case errors.Is(err, errExpired):
		return "ExpiredTokenException"
	case errors.Is(err, errSignature):
		return "InvalidSignatureException"
	}
	return "UnrecognizedClientException"
}

func eksError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	writeJSON(w, status, map[string]string{"message": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", random(16))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
