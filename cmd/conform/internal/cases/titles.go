package cases

// Titles are those of the sections.
var Titles = map[string]string{
	"1": "Whole messages", "2": "Pings and pongs", "3": "Reserved bits", "4": "Opcodes", "5": "Fragmentation",
	"6": "UTF-8", "7": "Closing", "9": "Long messages and many", "10": "Fragments of odd sizes",
	"12": "Compression, by content", "13": "Compression, by parameters",
	"14": "Negotiation of compression", "15": "Windows and context takeover", "16": "Compressed messages",
	"17": "Frame headers", "18": "Every split", "19": "Failing fast", "20": "Content of echoes",
	"21": "Control frames", "22": "Ends", "23": "Opening handshakes of servers", "24": "Opening handshakes of clients",
}
