"""While a pipeline lives numpy keeps to one thread: on a busy machine more made the csat head twenty times slower."""

from __future__ import annotations

from threadpoolctl import threadpool_info, threadpool_limits

from models.pipeline import PipelineConfig, load_pipeline


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_numpy_has_one_thread_until_the_pipeline_is_closed() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        pipeline = load_pipeline(PipelineConfig(encoder="hashing"))
        assert blas_threads() <= {1}
        pipeline.close()
        assert blas_threads() == before
