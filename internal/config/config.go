// Package config is the one place where environment variables become settings, with secrets masked when shown.
package config
