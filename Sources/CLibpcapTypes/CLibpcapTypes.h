// The types of libpcap without its library: FrameFilter loads that when it is asked for a filter.
#include <pcap/pcap.h>
