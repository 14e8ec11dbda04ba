#pragma once

// All public headers but those of ext/, which are for operations of one's own.

#include "carousel/abandon_after.hpp"           // IWYU pragma: export
#include "carousel/buf/arena.hpp"               // IWYU pragma: export
#include "carousel/buf/buf_slice.hpp"           // IWYU pragma: export
#include "carousel/buf/fixed_buf.hpp"           // IWYU pragma: export
#include "carousel/buf/fixed_buf_pool.hpp"      // IWYU pragma: export
#include "carousel/buf/fixed_buf_registry.hpp"  // IWYU pragma: export
#include "carousel/buf/io_buf.hpp"              // IWYU pragma: export
#include "carousel/buf/owned_bytes.hpp"         // IWYU pragma: export
#include "carousel/config.hpp"                  // IWYU pragma: export
#include "carousel/fs/directory.hpp"            // IWYU pragma: export
#include "carousel/fs/file.hpp"                 // IWYU pragma: export
#include "carousel/join_handle.hpp"             // IWYU pragma: export
#include "carousel/net/connect_options.hpp"     // IWYU pragma: export
#include "carousel/net/listen_options.hpp"      // IWYU pragma: export
#include "carousel/net/read_half.hpp"           // IWYU pragma: export
#include "carousel/net/socket_address.hpp"      // IWYU pragma: export
#include "carousel/net/socket_handle.hpp"       // IWYU pragma: export
#include "carousel/net/socket_option.hpp"       // IWYU pragma: export
#include "carousel/net/stream_reading.hpp"      // IWYU pragma: export
#include "carousel/net/stream_shutdown.hpp"     // IWYU pragma: export
#include "carousel/net/stream_writing.hpp"      // IWYU pragma: export
#include "carousel/net/tcp_listener.hpp"        // IWYU pragma: export
#include "carousel/net/tcp_stream.hpp"          // IWYU pragma: export
#include "carousel/net/unix_listener.hpp"       // IWYU pragma: export
#include "carousel/net/unix_stream.hpp"         // IWYU pragma: export
#include "carousel/net/write_half.hpp"          // IWYU pragma: export
#include "carousel/or_throw.hpp"                // IWYU pragma: export
#include "carousel/result.hpp"                  // IWYU pragma: export
#include "carousel/runtime.hpp"                 // IWYU pragma: export
#include "carousel/spawn.hpp"                   // IWYU pragma: export
#include "carousel/stop_on.hpp"                 // IWYU pragma: export
#include "carousel/stop_requested.hpp"          // IWYU pragma: export
#include "carousel/sync/channel.hpp"            // IWYU pragma: export
#include "carousel/sync/event.hpp"              // IWYU pragma: export
#include "carousel/sync/mutex.hpp"              // IWYU pragma: export
#include "carousel/sync/semaphore.hpp"          // IWYU pragma: export
#include "carousel/sync/shared_future.hpp"      // IWYU pragma: export
#include "carousel/sync/task_group.hpp"         // IWYU pragma: export
#include "carousel/task.hpp"                    // IWYU pragma: export
#include "carousel/time/sleep.hpp"              // IWYU pragma: export
#include "carousel/timeout.hpp"                 // IWYU pragma: export
#include "carousel/when_all.hpp"                // IWYU pragma: export
#include "carousel/when_any.hpp"                // IWYU pragma: export
#include "carousel/yield.hpp"                   // IWYU pragma: export
