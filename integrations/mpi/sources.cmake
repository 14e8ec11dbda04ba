# The files of the build. `scripts/check_sources.py --fix` writes these lists.

set(carousel_mpi_sources
    src/absolute_path.cpp
    src/coordinator.cpp
    src/cut_files.cpp
    src/job.cpp
    src/job_mark.cpp
    src/job_options.cpp
    src/job_report.cpp
    src/launch.cpp
    src/mailbox.cpp
    src/main.cpp
    src/part_copier.cpp
    src/part_outcome.cpp
    src/places.cpp
    src/rank_failure.cpp
    src/storage_watch.cpp
    src/unit_copier.cpp
    src/unit_queue.cpp
    src/work_unit.cpp
    src/worker.cpp
    src/worker_share.cpp)
