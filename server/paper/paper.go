package paper

import (
	_ "embed"
	"io"
	"strconv"
	"time"

	"github.com/boombuler/barcode/code128"
	"github.com/go-pdf/fpdf"
)

//go:embed DejaVuSansCondensed.ttf
var dejaVu []byte

// Sheet is what is printed.
type Sheet struct {
	Title   string
	Number  string   // in plain ASCII; "" for none
	Facts   []string // lines beside the number
	Address []string // lines in a block of their own
	Made    time.Time
	Rows    []Row
}

// Row is units of one SKU.
type Row struct {
	SKU      string
	Title    string
	Quantity int64
	For      []string // whom they are for, each with its own quantity
}

// The measures of a page, in millimetres: A4 upright.
const (
	margin     = 15.0
	width      = 210 - 2*margin
	lineHeight = 6.0
	barHeight  = 12.0
	quantityAt = 20.0 // how wide the column of quantities is
	skuAt      = 50.0 // and that of SKUs
	font       = "dejavu"
)

// Write writes a sheet.
func Write(w io.Writer, s *Sheet) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(s.Made)
	pdf.SetModificationDate(s.Made)
	pdf.SetMargins(margin, margin, margin)
	pdf.AddUTF8FontFromBytes(font, "", dejaVu)
	pdf.SetTitle(s.Title, true)
	pdf.SetFooterFunc(func() {
		pdf.SetY(-margin)
		pdf.SetFont(font, "", 8)
		pdf.CellFormat(width, lineHeight, s.Number+"  "+strconv.Itoa(pdf.PageNo()), "", 0, "R", false, 0, "")
	})
	pdf.AddPage()
	if err := writeHead(pdf, s); err != nil {
		return err
	}
	writeRows(pdf, s.Rows)
	return pdf.Output(w)
}

// writeHead writes what stands above the rows.
func writeHead(pdf *fpdf.Fpdf, s *Sheet) error {
	pdf.SetFont(font, "", 18)
	pdf.CellFormat(width, 2*lineHeight, s.Title, "", 1, "L", false, 0, "")
	pdf.SetFont(font, "", 11)
	if s.Number != "" {
		if err := writeBars(pdf, s.Number); err != nil {
			return err
		}
		pdf.CellFormat(width, lineHeight, s.Number, "", 1, "L", false, 0, "")
	}
	for _, lines := range [][]string{s.Facts, s.Address} {
		for _, line := range lines {
			pdf.CellFormat(width, lineHeight, line, "", 1, "L", false, 0, "")
		}
		pdf.Ln(lineHeight / 2)
	}
	return nil
}

// writeBars draws a text as a bar code.
func writeBars(pdf *fpdf.Fpdf, text string) error {
	code, err := code128.Encode(text)
	if err != nil {
		return err
	}
	const module = 0.33
	x, y := pdf.GetXY()
	pdf.SetFillColor(0, 0, 0)
	for i := range code.Bounds().Dx() {
		if r, _, _, _ := code.At(i, 0).RGBA(); r == 0 {
			pdf.Rect(x+float64(i)*module, y, module, barHeight, "F")
		}
	}
	pdf.SetXY(x, y+barHeight+1)
	return nil
}

// writeRows writes the units, each row with a box to tick.
func writeRows(pdf *fpdf.Fpdf, rows []Row) {
	for i := range rows {
		r := &rows[i]
		pdf.SetFont(font, "", 12)
		pdf.CellFormat(lineHeight, lineHeight, "", "1", 0, "L", false, 0, "")
		pdf.CellFormat(quantityAt-lineHeight, lineHeight, strconv.FormatInt(r.Quantity, 10)+" ×", "", 0, "R", false, 0, "")
		pdf.CellFormat(skuAt, lineHeight, r.SKU, "", 0, "L", false, 0, "")
		pdf.MultiCell(width-quantityAt-skuAt, lineHeight, r.Title, "", "L", false)
		pdf.SetFont(font, "", 9)
		for _, who := range r.For {
			pdf.SetX(margin + quantityAt)
			pdf.MultiCell(width-quantityAt, lineHeight-1, who, "", "L", false)
		}
		pdf.Ln(1)
	}
}
