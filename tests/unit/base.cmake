# SPDX-License-Identifier: MIT
# One behaviour of common/base a file, one test a file.
foreach(name IN ITEMS
        backoff_range bytes_compare bytes_parse bytes_printable bytes_reader bytes_split bytes_utf8
        buffer_growth buffer_text clock_time crypto_base64 crypto_seal crypto_vectors file_read
        hash_vectors log_limit log_line map_entries readable status_names timer_order timer_random)
    hubplane_unit_test(test_${name}
        SOURCES base/test_${name}.c
        LINKS hubplane_test_support)
endforeach()

foreach(name IN ITEMS buffer_memory fake_sink map_memory metrics_render payload_slice)
    hubplane_unit_test(test_${name}
        SOURCES base/test_${name}.c
        LINKS hubplane_test_support hubplane_fail_alloc)
endforeach()

foreach(name IN ITEMS option_changes option_problem option_read option_value option_write)
    hubplane_unit_test(test_${name}
        SOURCES base/test_${name}.c base/option_sample.c
        LINKS hubplane_test_support)
endforeach()

hubplane_unit_test(test_option_memory
    SOURCES base/test_option_memory.c base/option_sample.c
    LINKS hubplane_test_support hubplane_fail_alloc)

if(NOT WIN32)
    hubplane_unit_test(test_payload_threads
        SOURCES base/test_payload_threads_posix.c
        LINKS hubplane_test_support)
endif()
