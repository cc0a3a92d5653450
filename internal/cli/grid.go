package cli

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// grid renders rows, the header first, as a table that fits the terminal. The last column gets what the others leave, and
// text breaks between words.
func grid(ios *IOStreams, rows [][]string) string {
	const border, narrow, least, most = 3, 26, 24, 60 // columns: between two, of one that is not the last, and of the last
	tw := table.NewWriter()
	tw.SetStyle(table.StyleLight)
	var configs []table.ColumnConfig
	last := len(rows[0]) - 1
	room := ios.OutWidth
	if room == 0 {
		room = 80
	}
	room -= border*len(rows[0]) + 1
	for column := range last {
		widest, longestWord := 0, 0
		for _, row := range rows {
			widest = max(widest, text.StringWidth(row[column]))
			for word := range strings.FieldsSeq(row[column]) {
				longestWord = max(longestWord, text.StringWidth(word))
			}
		}
		width := max(min(widest, narrow), longestWord)
		room -= width
		configs = append(configs, table.ColumnConfig{Number: column + 1, WidthMax: width, WidthMaxEnforcer: text.WrapSoft})
	}
	tw.SetColumnConfigs(append(configs, table.ColumnConfig{Number: last + 1, WidthMax: min(max(room, least), most), WidthMaxEnforcer: text.WrapSoft}))
	for i, row := range rows {
		var cells table.Row
		for _, cell := range row {
			cells = append(cells, cell)
		}
		if i == 0 {
			tw.AppendHeader(cells)
		} else {
			tw.AppendRow(cells)
		}
	}
	return tw.Render()
}
