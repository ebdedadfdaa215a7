import numpy as np
import pytest

from seginpaint_mm.datasets import ChooseObjects


def test_all_objects_of_few():
    results = dict(objects=[dict(tag='a'), dict(tag='b')])
    assert ChooseObjects(most=2)(dict(results)) == results


def test_some_objects_of_many_in_their_order():
    objects = [dict(tag=number) for number in range(9)]
    np.random.seed(0)
    drawn = [
        [item['tag'] for item in ChooseObjects(most=3)(dict(objects=objects))['objects']]
        for _ in range(60)
    ]
    assert all(len(set(tags)) == 3 for tags in drawn)
    assert all(tags == sorted(tags) for tags in drawn)
    assert {tag for tags in drawn for tag in tags} == set(range(9)), 'each has its chance'
    assert len(objects) == 9, 'the data set keeps them'


def test_no_objects_wanted():
    with pytest.raises(ValueError, match='most must be at least 1, not 0'):
        ChooseObjects(most=0)
