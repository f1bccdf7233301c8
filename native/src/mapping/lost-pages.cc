// Explains system calls that met a lost page: see lost-pages.h.
#include "mapping/lost-pages.h"

#include <algorithm>
#include <cerrno>

namespace fmmap {

Status explain(Mapping& mapping, Status status, const char* syscall, const PinnedRange& range, bool isStore) {
  if (status.kind == Kind::system && (status.error == EFAULT || status.error == EIO)) {
    range.each([&](const Piece& piece) {
      const Pages pages(piece);
      for (std::size_t done = 0; done < pages.length; done += platform::pageSize()) {
        if (platform::populate(pages.at + done, platform::pageSize(), isStore)) continue;
        const std::int64_t page = piece.offset + static_cast<std::int64_t>(done) - (piece.at - pages.at);
        const Why why = platform::whyLost(range.file()->handle(), mapping.offset() + page, isStore);
        // A store that is yet to come has lost nothing.
        if (isStore && why.reason == Reason::noSpace) return status = Status::system(ENOSPC, syscall);
        if (why) mapping.markFault(why, std::max(piece.offset, page));
        return status;
      }
      return Status{};
    });
  }
  const Status now = mapping.check(syscall);
  return now ? status : now;
}

}  // namespace fmmap
