package browser

import "encoding/json"

// Type has the user type text, where the focus is, and press Enter.
func (p *Page) Type(text string) error {
	if err := p.Call("Input.insertText", map[string]any{"text": text}, nil); err != nil {
		return err
	}
	return p.Press("Enter", 13, "\r")
}

// Press has the user press a key.
func (p *Page) Press(key string, code int, text string) error {
	for _, kind := range []string{"keyDown", "keyUp"} {
		err := p.Call("Input.dispatchKeyEvent", map[string]any{
			"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}, nil)
		if err != nil {
			return err
		}
		text = "" // a key that goes up types nothing
	}
	return nil
}

// Drop has the user drag a file into the page and drop it there.
func (p *Page) Drop(path string) error {
	for _, kind := range []string{"dragEnter", "dragOver", "drop"} {
		err := p.Call("Input.dispatchDragEvent", map[string]any{"type": kind, "x": 100, "y": 100,
			"data": map[string]any{"items": []any{}, "files": []string{path}, "dragOperationsMask": 1}}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// Choose has the user choose a file for the file input that selector finds.
func (p *Page) Choose(selector, path string) error {
	quoted, err := json.Marshal(selector)
	if err != nil {
		return err
	}
	var r struct{ Result struct{ ObjectID string } }
	if err := p.Call("Runtime.evaluate", map[string]any{"expression": "document.querySelector(" + string(quoted) + ")"}, &r); err != nil {
		return err
	}
	return p.Call("DOM.setFileInputFiles", map[string]any{"files": []string{path}, "objectId": r.Result.ObjectID}, nil)
}

// Screenshot returns a PNG of the page in a window of the given size. The scheme
// is dark or light.
func (p *Page) Screenshot(width, height int, scheme string) ([]byte, error) {
	err := p.Call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	if err != nil {
		return nil, err
	}
	err = p.Call("Emulation.setEmulatedMedia", map[string]any{
		"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	if err != nil {
		return nil, err
	}
	var r struct{ Data []byte }
	err = p.Call("Page.captureScreenshot", nil, &r)
	return r.Data, err
}
