# Environment variables by their names.
package kubemuster.lib.literals

# clouds are the variables that the clouds' own libraries and tools read a secret from.
clouds := {
	"ARM_ACCESS_KEY": "Azure",
	"ARM_CLIENT_SECRET": "Azure",
	"AWS_SECRET_ACCESS_KEY": "AWS",
	"AZURE_CLIENT_SECRET": "Azure",
	"AZURE_STORAGE_CONNECTION_STRING": "Azure",
	"AZURE_STORAGE_KEY": "Azure",
	"GCLOUD_SERVICE_KEY": "Google Cloud",
	"GCP_KEY": "Google Cloud",
	"GCP_SA_KEY": "Google Cloud",
	"GOOGLE_APPLICATION_CREDENTIALS_JSON": "Google Cloud",
	"GOOGLE_CREDENTIALS": "Google Cloud",
}
