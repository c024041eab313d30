package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// document is as much of OpenAPI 3.1 as the API uses. What it does not read it does not need, so new keywords do no harm.
type document struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID          string      `json:"operationId"`
	Summary     string      `json:"summary"`
	Parameters  []parameter `json:"parameters"`
	RequestBody struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `json:"content"`
	} `json:"responses"`

	method, path string
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description"`
	Required    bool    `json:"required"`
	Schema      *schema `json:"schema"`
}

type media struct {
	Schema *schema `json:"schema"`
}

type schema struct {
	Ref         string             `json:"$ref"`
	Type        kinds              `json:"type"`
	Format      string             `json:"format"`
	Description string             `json:"description"`
	Enum        []any              `json:"enum"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	Additional  json.RawMessage    `json:"additionalProperties"`
	OneOf       []*schema          `json:"oneOf"`
	AnyOf       []*schema          `json:"anyOf"`
	AllOf       []*schema          `json:"allOf"`
	Content     *schema            `json:"contentSchema"` // of a text that is JSON
}

// kinds is the keyword type: one name, or one and null.
type kinds struct {
	name string // "" when several are possible
	null bool
}

func (k *kinds) UnmarshalJSON(raw []byte) error {
	var several []string
	if json.Unmarshal(raw, &several) != nil {
		return json.Unmarshal(raw, &k.name)
	}
	k.null = slices.Contains(several, "null")
	if several = slices.DeleteFunc(several, func(s string) bool { return s == "null" }); len(several) == 1 {
		k.name = several[0]
	}
	return nil
}

// carried is what the data of a server-sent event holds as JSON, where the schema describes the fields of one.
func (s *schema) carried() *schema {
	if s == nil || s.Properties["data"] == nil || s.Properties["data"].Content == nil {
		return s
	}
	return s.Properties["data"].Content
}

// open says whether other JSON than one type of Go may come.
func (s *schema) open() bool { return len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) > 0 || s.Type.name == "" }

// values is the type of the members that no property names, nil when they are nobody's business.
func (s *schema) values() *schema {
	var v schema
	if len(s.Additional) == 0 || s.Additional[0] != '{' || json.Unmarshal(s.Additional, &v) != nil {
		return nil
	}
	return &v
}

// operations are those of the document, by path, and there in the order of the methods.
func (d *document) operations() (list []operation, err error) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range []string{"get", "head", "post", "put", "patch", "delete"} {
			raw, there := d.Paths[path][method]
			if !there {
				continue
			}
			o := operation{method: strings.ToUpper(method), path: path}
			if err := json.Unmarshal(raw, &o); err != nil {
				return nil, fmt.Errorf("read %s %s: %w", method, path, err)
			}
			if o.ID == "" {
				return nil, fmt.Errorf("%s %s has no operationId, so its method would have no name", method, path)
			}
			list = append(list, o)
		}
	}
	return list, nil
}

// in picks the parameters of one place.
func (o operation) in(place string) (list []parameter) {
	for _, p := range o.Parameters {
		if p.In == place {
			list = append(list, p)
		}
	}
	return list
}

// answer is what a success answers with.
func (o operation) answer() map[string]media {
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if strings.HasPrefix(status, "2") {
			return o.Responses[status].Content
		}
	}
	return nil
}
