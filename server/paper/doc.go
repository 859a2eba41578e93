// Package paper writes what is printed in a warehouse: pick lists and packing slips, as PDF.
//
// A sheet is one list of units with what stands above it. It knows nothing of orders: whoever asks for one says what is to be read on it. The same
// sheet gives the same bytes. Texts are in DejaVu Sans Condensed, which is embedded with its licence (DejaVu-LICENSE.txt) and has the letters of all
// languages of Europe; what it has not is left out of a line, never a line. The number of a sheet is also a bar code (Code 128), for those who scan it.
//
// Who may call: server.
package paper
